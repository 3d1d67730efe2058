import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type HeldLease, type Lease, Leases } from "../../lib/files/lease.ts";
import { readResult } from "../../lib/project/result.ts";
import { type Claim, tryClaim } from "../../lib/run/claim.ts";
import {
  type ClaimedTrial,
  selectAwaited,
  shareTrials,
  type Sharing,
} from "../../lib/run/share_trials.ts";
import { stream } from "../../lib/values/random.ts";
import { Child } from "../support/child.ts";
import { everything, needs } from "../support/needs.ts";
import { readLog, STEPS, TRIALS } from "../support/sharing_process.ts";
import { inTemporary } from "../support/temporary.ts";

/** What each toy trial builds on. */
const FAMILY: Readonly<Record<string, readonly string[]>> = {
  teacher: [],
  other: [],
  student: ["teacher"],
  grandchild: ["student"],
  both: ["teacher", "other"],
};
const NAMES = Object.keys(FAMILY);
const foundations = (name: string) => FAMILY[name];

const ALIVE: HeldLease = { holder: undefined, isAlive: true, isSettled: true };
const DOUBTFUL: HeldLease = { ...ALIVE, isAlive: false };
const UNSETTLED: HeldLease = { ...ALIVE, isSettled: false };

/** The names that `selectAwaited` gives for trials that are held or were tried. */
function awaited(
  open: readonly string[],
  held: Readonly<Record<string, HeldLease>>,
  tried: readonly string[] = [],
): string[] {
  const map = new Map(Object.entries(held));
  return [...selectAwaited(open, new Set(tried), map, foundations).keys()];
}

Deno.test("selectAwaited: what own trials build on, but not what only others will end", () => {
  assertEquals(awaited([], {}), []);
  assertEquals(awaited(NAMES, { teacher: ALIVE, other: ALIVE }), ["teacher", "other"]);
  assertEquals(awaited(["student", "grandchild"], { student: ALIVE }), ["student"]);
  assertEquals(awaited(["grandchild", "both"], { grandchild: ALIVE, both: ALIVE }), []);
  for (const held of [DOUBTFUL, UNSETTLED]) {
    assertEquals(awaited(["grandchild", "both"], { grandchild: ALIVE, both: held }), ["both"]);
  }
});

Deno.test("selectAwaited: nothing that builds on what failed here, unless another one tries it", () => {
  assertEquals(awaited(NAMES, { other: ALIVE }, ["teacher"]), []);
  assertEquals(awaited(NAMES, { other: DOUBTFUL }, ["teacher"]), ["other"]);
  assertEquals(awaited(NAMES, { teacher: ALIVE }, ["teacher", "other"]), ["teacher"]);
  for (const both of [DOUBTFUL, UNSETTLED]) assertEquals(awaited(["both"], { both }, ["both"]), []);
});

/** Shares the toy trials in a folder. `done` grows by the trials that others end. */
function sharing(folder: string, done: Set<string>, other: Partial<Sharing<string>> = {}) {
  const leases = new Leases();
  return {
    foundations,
    claim: (name: string) => Promise.resolve(tryClaim({ path: join(folder, name) }, name, leases)),
    isDone: (name: string) => Promise.resolve(done.has(name)),
    wait: () => Promise.reject(new Error("there is nothing to wait for")),
    ...other,
  };
}

/** Takes all trials that there are to take, and ends those that `end` allows. */
async function takeAll(
  shared: Sharing<string>,
  done: Set<string>,
  end: (name: string) => boolean = () => true,
): Promise<string[]> {
  const taken: string[] = [];
  for await (const group of shareTrials(NAMES, shared)) {
    taken.push(group.map(({ trial }) => trial).join("+"));
    for (const { trial, claim } of group) {
      claim.check();
      if (end(trial)) done.add(trial);
    }
  }
  return taken;
}

await needs(
  everything,
  "shareTrials: alone, takes each trial in order and leaves no claim",
  () =>
    inTemporary(async (folder) => {
      const done = new Set<string>();
      assertEquals(await takeAll(sharing(folder, done), done), NAMES);
      assertEquals(await takeAll(sharing(folder, done), done), []);
      assertEquals([...Deno.readDirSync(folder)], []);
    }),
);

await needs(
  everything,
  "shareTrials: one that fails is taken once, what builds on it never",
  () =>
    inTemporary(async (folder) => {
      const done = new Set<string>();
      const taken = await takeAll(sharing(folder, done), done, (name) => name !== "teacher");
      assertEquals(taken, ["teacher", "other"]);
    }),
);

await needs(
  everything,
  "shareTrials: those that join are claimed as a group",
  () =>
    inTemporary(async (folder) => {
      const done = new Set<string>();
      using held = new Leases().take(join(folder, "both.claim")) as Lease;
      held.settle();
      const joins = (group: readonly string[]) => group.length < 2;
      const taken = await takeAll(sharing(folder, done, { joins }), done);
      assertEquals(taken, ["teacher+other", "student", "grandchild"]);
    }),
);

await needs(
  everything,
  "shareTrials: a trial whose claim is released untrained is free for others, and yielded again",
  () =>
    inTemporary(async (folder) => {
      const done = new Set<string>();
      const taken: string[] = [];
      const joins = () => true;
      for await (const group of shareTrials(NAMES, sharing(folder, done, { joins }))) {
        taken.push(group.map(({ trial }) => trial).join("+"));
        const [{ trial }, ...others] = group;
        done.add(trial);
        for (const { trial, claim } of others) {
          claim[Symbol.dispose]();
          using _free = tryClaim({ path: join(folder, trial) }, trial, new Leases()) as Claim;
        }
      }
      assertEquals(taken, [
        "teacher+other",
        "other+student",
        "student+both",
        "grandchild+both",
        "both",
      ]);
    }),
);

await needs(
  everything,
  "shareTrials: one that is refused is not yielded, what builds on it never, and its claim is free",
  () =>
    inTemporary(async (folder) => {
      const done = new Set<string>();
      const isRefused = (name: string) => Promise.resolve(name === "teacher");
      const taken = await takeAll(sharing(folder, done, { isRefused }), done, (name) => {
        using claim = tryClaim({ path: join(folder, "teacher") }, "", new Leases()) as Claim;
        claim.check();
        return name === "other";
      });
      assertEquals(taken, ["other"]);
    }),
);

await needs(
  everything,
  "shareTrials: waits until the process that has claimed trials trains them, and takes what it gives back",
  () =>
    inTemporary(async (folder) => {
      const done = new Set<string>();
      const joins = () => true;
      const first = shareTrials(NAMES, sharing(folder, done, { joins }));
      const { value: group = [] } = await first.next() as IteratorYieldResult<
        readonly ClaimedTrial<string>[]
      >;
      assertEquals(group.map(({ trial }) => trial), ["teacher", "other"]);
      const [teacher, other] = group.map(({ claim }) => claim);
      const waits: string[] = [];
      const wait = (awaited: ReadonlyMap<string, HeldLease>) => {
        waits.push([...awaited.keys()].join());
        if (waits.length === 2) {
          teacher.settle();
          other[Symbol.dispose]();
        }
        return waits.length > 2 ? Promise.reject(new Error("waits")) : Promise.resolve();
      };
      // What builds on the teacher, which is not trained, is none of its trials.
      const names = ["teacher", "other"];
      const taken: string[] = [];
      for await (const [{ trial }] of shareTrials(names, sharing(folder, done, { wait }))) {
        done.add(trial);
        taken.push(trial);
      }
      assertEquals([taken, waits], [["other"], ["teacher,other", "teacher,other"]]);
      teacher[Symbol.dispose]();
    }),
);

await needs(
  everything,
  "shareTrials: waits for a teacher that another process trains",
  () =>
    inTemporary(async (folder) => {
      const done = new Set<string>();
      const held = new Leases().take(join(folder, "teacher.claim")) as Disposable;
      const waits: string[] = [];
      const wait = (awaited: ReadonlyMap<string, HeldLease>) => {
        waits.push([...awaited.keys()].join());
        if (waits.length === 2) {
          done.add("teacher");
          held[Symbol.dispose]();
        }
        return Promise.resolve();
      };
      const taken = await takeAll(sharing(folder, done, { wait }), done);
      assertEquals(taken, ["other", "student", "grandchild", "both"]);
      assertEquals(waits, ["teacher", "teacher"]);
    }),
);

await needs(
  everything,
  "shareTrials: a loop that is left, or an error, releases the claims",
  () =>
    inTemporary(async (folder) => {
      for await (const [{ claim }] of shareTrials(NAMES, sharing(folder, new Set()))) {
        claim.check();
        break;
      }
      const isDone = () => Promise.reject(new Error("damaged"));
      const shared = sharing(folder, new Set(), { isDone });
      await assertRejects(() => takeAll(shared, new Set()), Error, "damaged");
      using claim = tryClaim({ path: join(folder, "teacher") }, "teacher", new Leases()) as Claim;
      claim.check();
    }),
);

/** Runs a process until it ends. Kills it some time after it began a trial, if `kill` says so. */
async function runOne(folder: string, kill: () => number | undefined): Promise<Deno.CommandStatus> {
  await using child = new Child("sharing_process.ts", folder);
  const { status } = child;
  while (await child.line() !== undefined) {
    const delay = kill();
    if (delay === undefined) continue;
    await pause(delay);
    await child[Symbol.asyncDispose]();
    break;
  }
  return await status;
}

await needs(
  everything,
  "shareTrials: 8 processes and 40 trials, some processes killed: each step exactly once",
  () =>
    inTemporary(async (folder) => {
      const random = stream(1, "kills");
      let kills = 12;
      const kill = () =>
        kills > 0 && random.below(2) === 0 ? (kills--, random.below(250)) : undefined;
      const runAgain = async (): Promise<void> => {
        const status = await runOne(folder, kill);
        if (status.signal === "SIGKILL") return await runAgain();
        assertEquals(status.code, 0);
      };
      await Promise.all(Array.from({ length: 8 }, runAgain));
      assertEquals(kills, 0, "too few processes were killed");
      const numbers = Array.from({ length: TRIALS }, (_, number) => number);
      for (const number of numbers) {
        const steps = (await readLog(folder, number)).map((line) => Number(line.split(" ")[0]));
        assertEquals(steps, Array.from({ length: STEPS }, (_, i) => i + 1), `trial ${number}`);
      }
      const { trials } = (await readResult(join(folder, "a.json"), "a"))!;
      assertEquals(trials.map(({ seed }) => seed), numbers);
      // A process that comes later finds nothing to do and cleans up.
      assertEquals((await runOne(folder, () => undefined)).code, 0);
      assertEquals([...Deno.readDirSync(join(folder, "runs"))], []);
    }),
);
