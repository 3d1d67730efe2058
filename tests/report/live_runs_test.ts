import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { type LiveEvent, LiveRuns } from "../../lib/report/live_runs.ts";
import { needs } from "../support/needs.ts";
import { reportedRun } from "../support/reported_run.ts";
import { trial } from "../support/trial.ts";

/** A run that is followed, and a way to write these epochs as its log. */
const test = (
  name: string,
  use: (live: LiveRuns, write: (...epochs: number[]) => void) => void,
): Promise<void> =>
  needs(["read", "write"], `live runs: ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    const write = (...epochs: number[]) => {
      const lines = epochs.map((epoch) => `{"epoch":${epoch},"test/top1":${10 * epoch}}\n`);
      Deno.writeTextFileSync(join(folder, "metrics.jsonl"), lines.join(""));
    };
    try {
      write(1);
      const run = { ...reportedRun("kd", 3), folder, trial: undefined, state: "not trained yet" };
      use(new LiveRuns([run]), write);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

/** The events after one, in words. */
function heard(live: LiveRuns, after: string): string[] {
  const events: LiveEvent[] = [];
  live.listen(after, (_, event) => events.push(event))();
  return events.map((event) => event.kind === "epoch" ? `epoch ${event.entry.epoch}` : event.kind);
}

await test("a listener gets each event once, from where its page ends", (live, write) => {
  const { runs: [first], last } = live.snapshot();
  assertEquals([first.state, first.log.length], ["epoch 1 of 3", 1]);
  live.look();
  assertEquals(heard(live, last), []);
  const events: LiveEvent[] = [];
  const ids: string[] = [];
  const stop = live.listen(last, (id, event) => {
    ids.push(id);
    events.push(event);
  });
  write(1, 2, 3);
  live.look();
  assertEquals(events.map(({ kind }) => kind), ["epoch", "epoch", "row"]);
  assertEquals(events[0], {
    ...{ kind: "epoch", run: 0, entry: { "epoch": 2, "test/top1": 20 } },
    titles: [["test/top1", "top-1, test (%)"]],
  });
  assertEquals(events[2], {
    ...{ kind: "row", run: 0 },
    cells: {
      ...{ state: "done", last: "30.00", best: "30.00", epochs: "3/3" },
      ...{ seconds: "—", speed: "—", waited: "—" },
    },
  });
  assertEquals(heard(live, ids[0]), ["epoch 3", "row"]);
  stop();
  write(1, 2, 3, 4);
  live.look();
  assertEquals(events.length, 3);
});

await test("a log that begins anew is told before its epochs", (live, write) => {
  const { last } = live.snapshot();
  write(1, 2);
  live.look();
  write();
  live.look();
  assertEquals(live.snapshot().runs[0].state, "epoch 0 of 3");
  write(1);
  live.look();
  assertEquals(heard(live, last), ["epoch 2", "row", "restart", "row", "epoch 1", "row"]);
  assertEquals(live.snapshot().runs[0].log.length, 1);
});

await test("a recorded run that trains again has the numbers of its log", (live, write) => {
  const { runs: [run] } = live.snapshot();
  write();
  const state = "recorded";
  const recorded = { ...run, log: [], state, trial: trial(1, 70, { epochs: 3 }) };
  const again = new LiveRuns([recorded]);
  const { runs: [first], last } = again.snapshot();
  assertEquals([first.state, first.trial], [state, recorded.trial]);
  write(1);
  again.look();
  const events: LiveEvent[] = [];
  again.listen(last, (_, event) => events.push(event))();
  const row = events.find((event) => event.kind === "row")!;
  const { state: shown, last: score, best, epochs } = row.cells;
  assertEquals([shown, score, best, epochs], ["epoch 1 of 3", "10.00", "10.00", "1/3"]);
  assertEquals(again.snapshot().runs[0].trial, undefined);
  // One that ends an epoch between the two readings of its log, too.
  assertEquals(new LiveRuns([recorded]).snapshot().runs[0].state, "epoch 1 of 3");
});

await test("other runs take the place of the first, whose page is told to load again", (live) => {
  const { runs: [run], last } = live.snapshot();
  const events: LiveEvent[] = [];
  live.listen(last, (_, event) => events.push(event));
  live.replace([{ ...run, state: "read again" }]);
  assertEquals([events, live.knows(last)], [[], true]);
  const other = { ...run, folder: join(run.folder, "other"), log: [], state: "not trained yet" };
  live.replace([run, other]);
  assertEquals(events, [{ kind: "reload" }]);
  const { runs, last: latest } = live.snapshot();
  assertEquals(runs.map(({ state }) => state), ["epoch 1 of 3", "not trained yet"]);
  assertEquals([live.knows(last), heard(live, latest)], [false, []]);
});

await test("a snapshot stays as it was, and only its own ids are known", (live, write) => {
  const { runs: [run], last } = live.snapshot();
  write(1, 2);
  live.look();
  assertEquals(run.log.length, 1);
  assert(live.knows(last));
  assert(live.knows(live.snapshot().last));
  const other = new LiveRuns([]).snapshot().last;
  const strange = [other, "", "0", last.replace(/0$/, "99"), last.replace(/0$/, "-1"), `${last} `];
  for (const id of strange) assertEquals(live.knows(id), false, id);
});

await needs(
  ["read", "write"],
  "live runs: an epoch has its numbers as the page shows them",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const live = new LiveRuns([{ ...reportedRun("sakd", 3), log: [], folder }]);
      const { last } = live.snapshot();
      const path = join(folder, "metrics.jsonl");
      await Deno.writeTextFile(path, '{"epoch":1,"train/report/spot_block2":0.1234567}\n');
      live.look();
      const events: LiveEvent[] = [];
      live.listen(last, (_, event) => events.push(event))();
      assertEquals(events[0], {
        ...{ kind: "epoch", run: 0, entry: { "epoch": 1, "train/report/spot_block2": 12.346 } },
        titles: [["train/report/spot_block2", "samples distilled: block2 (%)"]],
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

await needs(
  ["read", "write"],
  "live runs: an outdated log counts once a run goes on from it",
  async () => {
    const folder = await Deno.makeTempDir();
    const write = (text: string) => Deno.writeTextFileSync(join(folder, "metrics.jsonl"), text);
    try {
      write('{"epoch":1}\n');
      const state = "stale: its declaration has changed since it was trained";
      const run = { ...reportedRun("kd", 3), folder, log: [], trial: undefined, state };
      const live = new LiveRuns([{ ...run, isOutdated: true }]);
      const { runs: [first], last } = live.snapshot();
      assertEquals([first.state, first.log.length], [state, 0]);
      live.look();
      assertEquals(heard(live, last), []);
      write('{"epoch":1}\n{"epoch":2}\n');
      live.look();
      assertEquals(heard(live, last).slice(0, 3), ["epoch 1", "epoch 2", "row"]);
      assertEquals(live.snapshot().runs[0].state, "epoch 2 of 3");
      const anew = new LiveRuns([{ ...run, isOutdated: true }]);
      write('{"epoch":9}\n');
      anew.look();
      assertEquals(anew.snapshot().runs[0].log, [{ epoch: 9 }]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
