import { assertEquals, assertRejects } from "@std/assert";
import { Leases } from "../../lib/files/lease.ts";
import { Claim, tryClaim } from "../../lib/run/claim.ts";
import { claimCohorts } from "../../lib/run/claimed_cohorts.ts";
import { queue } from "../../lib/run/queue.ts";
import { resolveRun } from "../../lib/run/resolve.ts";
import { runTrials } from "../../lib/run/run.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, type Toys, toys } from "../support/toy_runs.ts";
import { writeRun } from "../support/write_run.ts";

/** Queues seeds 1 and 2 of the student. Both have the teacher of seed 1. */
async function waitingOf(toys: Toys, other: Partial<Settings> = {}) {
  const experiment = await toys.experiment("student");
  return await queue([1, 2].map((seed) => ({ experiment, seed })), toys.settings(other));
}

/** Takes what there is to take, and pretends to train it. */
async function takeAll(toys: Toys, other: Partial<Settings> = {}): Promise<string[]> {
  const taken: string[] = [];
  for await (
    const group of claimCohorts(
      await waitingOf(toys, other),
      toys.settings({ cohort: 1, pending: true, ...other }),
    )
  ) {
    for (const { trial: { identity: { name = "" }, seed }, claim } of group) {
      claim.check();
      taken.push(`${name} ${seed}`);
      await writeRun(toys, name, seed, ["last"]);
    }
  }
  return taken;
}

/** Claims a trial of the toys, as another process does. */
async function claimToy(toys: Toys, name: string, seed: number): Promise<Claim> {
  const { folder } = await resolveRun(await toys.experiment(name), seed, toys.settings());
  const claim = tryClaim(folder, name, new Leases());
  if (claim instanceof Claim) return claim;
  throw new Error(`${name} seed ${seed} is claimed`);
}

await needs(
  everything,
  "claimCohorts: takes the queue in its order, and leaves out what is held",
  () =>
    toys(PAIR, async (toys) => {
      {
        using _held = await claimToy(toys, "student", 1);
        assertEquals(await takeAll(toys), ["teacher 1", "student 2"]);
      }
      assertEquals(await takeAll(toys), ["student 1"]);
      assertEquals(await takeAll(toys), []);
      assertEquals(toys.said(), "");
    }),
);

await needs(
  everything,
  "claimCohorts: waits for a teacher and says so once; Ctrl-C ends that",
  () =>
    toys(PAIR, async (toys) => {
      const held = await claimToy(toys, "teacher", 1);
      let looks = 0;
      const interrupted = () => ++looks > 1;
      const failure = await assertRejects(() => takeAll(toys, { interrupted }), Failure);
      assertEquals(failure.exit, 130);
      const holder = `${Deno.hostname()}, process ${Deno.pid}`;
      const line = `waits for toy#teacher seed 1, which another process (${holder}) trains`;
      assertEquals(toys.said(), `${line}\n`);
      await writeRun(toys, "teacher", 1, ["last"]);
      held[Symbol.dispose]();
      assertEquals(await takeAll(toys), ["student 1", "student 2"]);
    }),
);

await needs(everything, "claimCohorts: refuses to train anew", () =>
  toys(PAIR, async (toys) => {
    const failure = await assertRejects(() => takeAll(toys, { fresh: true }), Failure, "--fresh");
    assertEquals(failure.exit, 2);
  }));

await needs(
  everything,
  "runTrials: names the trials that it leaves to other processes",
  () =>
    toys(PAIR, async (toys) => {
      await toys.run("teacher");
      toys.said();
      using _held = await claimToy(toys, "student", 1);
      const asked = [{ experiment: await toys.experiment("student"), seed: 1 }];
      assertEquals(await runTrials(asked, toys.settings({ pending: true })), []);
      assertEquals(toys.said(), "left to other processes: toy#student seed 1\n");
      const failure = await assertRejects(() => runTrials(asked, toys.settings()), Failure);
      assertEquals(failure.exit, 2);
      assertEquals(
        failure.message,
        `toy#student seed 1 is being trained by another process (${Deno.hostname()}, process ` +
          `${Deno.pid}): wait until it is done, or add --pending to train what no other process does`,
      );
    }),
);
