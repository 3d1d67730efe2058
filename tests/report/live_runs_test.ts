import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { type LiveEvent, LiveRuns } from "../../lib/report/live_runs.ts";
import { needs } from "../support/needs.ts";
import { reportedRun } from "../support/reported_run.ts";

await needs(["read", "write"], "live runs: a listener gets each event once", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const log = join(folder, "metrics.jsonl");
    const write = (...epochs: number[]) =>
      Deno.writeTextFileSync(
        log,
        epochs.map((epoch) => `{"epoch":${epoch},"test/top1":${10 * epoch}}\n`).join(""),
      );
    write(1);
    const run = { ...reportedRun("kd", 3), folder, trial: undefined, state: "not trained yet" };
    const live = new LiveRuns([run]);
    assertEquals(live.runs[0].state, "epoch 1 of 3");
    assertEquals(live.last, 0);
    const heard: [number, LiveEvent["kind"]][] = [];
    const stop = live.listen(0, (id, { kind }) => heard.push([id, kind]));
    live.look();
    assertEquals(heard, []);
    write(1, 2, 3);
    live.look();
    assertEquals(heard, [[1, "epoch"], [2, "epoch"]]);
    assertEquals(live.runs[0].state, "done");
    write(1);
    live.look();
    assertEquals(heard.slice(2), [[3, "restart"], [4, "epoch"]]);
    assertEquals(live.runs[0].log.length, 1);
    stop();
    const late: number[] = [];
    live.listen(2, (id) => late.push(id));
    assertEquals(late, [3, 4]);
    const cells: unknown[] = [];
    live.listen(3, (_, event) => event.kind === "epoch" && cells.push(event.cells, event.titles));
    assertEquals(cells, [
      {
        ...{ state: "epoch 1 of 3", last: "10.00", best: "10.00", epochs: "1/3" },
        ...{ seconds: "—", speed: "—", waited: "—" },
      },
      [["test/top1", "top-1, test (%)"]],
    ]);
    assertEquals(heard.length, 4);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
