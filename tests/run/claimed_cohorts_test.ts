import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { Leases } from "../../lib/files/lease.ts";
import { Claim, tryClaim } from "../../lib/run/claim.ts";
import { claimCohorts } from "../../lib/run/claimed_cohorts.ts";
import { queue, type RequestedTrial } from "../../lib/run/queue.ts";
import { acceptCode, resolveRun } from "../../lib/run/resolve.ts";
import { runTrials } from "../../lib/run/run.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { LOOKS, PAIR, type Toys, toys, trialsOf } from "../support/toy_runs.ts";
import { writeRun } from "../support/write_run.ts";

/** Claims the cohorts of a shared queue: of seeds 1 and 2 of the student, which have one teacher. */
async function* share(toys: Toys, other: Partial<Settings> = {}, trials?: RequestedTrial[]) {
  const waiting = await queue(
    trials ?? await trialsOf(toys, ["student", 1], ["student", 2]),
    toys.settings(other),
  );
  const settings = toys.settings({ cohort: 1, pending: true, ...other });
  yield* claimCohorts(waiting, settings, (_, reason) => assertEquals(reason, ""));
}

/** Takes what there is to take, and pretends to train it. */
async function takeAll(...args: Parameters<typeof share>): Promise<string[]> {
  const taken: string[] = [];
  for await (const group of share(...args)) {
    for (const { trial: { identity: { name = "" }, seed }, claim } of group) {
      claim.check();
      taken.push(`${name} ${seed}`);
      await writeRun(args[0], name, seed, ["last"]);
    }
  }
  return taken;
}

/** Claims a trial of the toys, as another process does that trains it. */
async function claimToy(toys: Toys, name: string, seed: number): Promise<Claim> {
  const { folder } = await resolveRun(await toys.experiment(name), seed, toys.settings());
  const claim = tryClaim(folder, name, new Leases());
  if (!(claim instanceof Claim)) throw new Error(`${name} seed ${seed} is claimed`);
  claim.settle();
  return claim;
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

/** Students of one teacher, which train together. */
const COLUMN = `${PAIR}
export const warm = experiment(import.meta, { dataset, schedule, teacher: from(teacher), student: small, distiller: kd({ temperature: 2 }) });
export const hot = experiment(import.meta, { dataset, schedule, teacher: from(teacher), student: small, distiller: kd({ temperature: 8 }) });
`;

await needs(
  everything,
  "claimCohorts: an early second process waits until the first one trains, and takes what that gives back",
  () =>
    toys(COLUMN, async (toys) => {
      await writeRun(toys, "teacher", 1, ["last"]);
      const asked = await trialsOf(toys, ["student", 1], ["warm", 1], ["hot", 1]);
      const first = share(toys, { cohort: "auto" }, asked);
      const { value: group } = await first.next();
      const [student, warm, hot] = (group ?? []).map(({ claim }) => claim);
      let looks = 0;
      const interrupted = () => {
        if (++looks === 2) {
          // As the first one does once it knows how many fit into memory.
          student.settle();
          warm.settle();
          hot[Symbol.dispose]();
        }
        return false;
      };
      assertEquals(await takeAll(toys, { cohort: "auto", interrupted }, asked), ["hot 1"]);
      assertEquals(looks, 2);
      const holder = `another process (${Deno.hostname()}, process ${Deno.pid})`;
      const lines = ["student", "warm", "hot"].map((name) =>
        `waits for toy#${name} seed 1, which ${holder} has claimed and may give back\n`
      );
      assertEquals(toys.said(), lines.join(""));
      await first.return(undefined);
    }),
);

await needs(
  everything,
  "runTrials: claims are settled once it is known how many train together",
  () =>
    toys(COLUMN, async (toys) => {
      await toys.run("teacher");
      const asked = await trialsOf(toys, ["student", 1], ["warm", 1]);
      const folders = (await queue(asked, toys.settings())).map(({ folder }) => folder);
      const looks: unknown[] = [];
      const interrupted = () => {
        const held = folders.map((folder) => tryClaim(folder, "", new Leases()));
        looks.push(held.map((one) => one instanceof Claim || one.isSettled));
        return false;
      };
      await runTrials(asked, toys.settings({ interrupted }));
      const [first, second] = looks;
      assertEquals([LOOKS, first, second], [2, [false, false], [true, true]]);
    }),
);

/** Puts the files of a finished run of other code in place as soon as something trains. */
async function trainedElsewhere(toys: Toys, name: string, seed: number) {
  const folder = toys.of(name, seed);
  await writeRun(toys, name, seed, ["last"]);
  const run = await resolveRun(await toys.experiment(name), seed, toys.settings());
  await run.folder.writeCode({ ...await acceptCode(run), "toy.ts": "0".repeat(64) });
  Deno.renameSync(folder, `${folder}-elsewhere`);
  return () => {
    if (existsSync(`${folder}-elsewhere`)) Deno.renameSync(`${folder}-elsewhere`, folder);
    return false;
  };
}

await needs(
  everything,
  "runTrials: a run of other code that another process left meanwhile stays, is named, and costs no other trial",
  () =>
    toys(
      `${PAIR}
export const late = experiment(import.meta, { dataset, schedule, teacher: from(teacher, { seed: 2 }), student: small, distiller: kd() });
`,
      async (toys) => {
        const interrupted = await trainedElsewhere(toys, "teacher", 2);
        const asked = await trialsOf(toys, ["student", 1], ["late", 1]);
        const { exit, message } = await assertRejects(
          () => runTrials(asked, toys.settings({ interrupted })),
          Failure,
        );
        const command = "`deno task exp toy#teacher --seed 2 --fresh` trains it again";
        const changed =
          "toy#teacher seed 2: code has changed since: toy.ts; --keep takes the run " +
          `as it is, ${command}`;
        assertEquals([exit, message], [2, `teacher ${changed}`]);
        const late = "toy#late seed 1 is not trained: it builds on toy#teacher seed 2\n";
        assertStringIncludes(toys.said(), late);
        const recorded = ["student", "teacher", "late"].map((name) =>
          existsSync(toys.path(`toy/${name}.json`))
        );
        assertEquals(recorded, [true, true, false]);
        const names = () =>
          Array.from(Deno.readDirSync(toys.path("runs/toy#teacher")), ({ name }) => name).sort();
        assertEquals(names(), ["seed-1", "seed-2"]);

        Deno.renameSync(toys.of("teacher", 2), `${toys.of("teacher", 2)}-elsewhere`);
        const shared = await trialsOf(toys, ["teacher", 3], ["teacher", 2]);
        const pending = await assertRejects(
          () => runTrials(shared, toys.settings({ interrupted, pending: true })),
          Failure,
        );
        assertEquals([pending.exit, pending.message], [2, changed]);
        assertEquals(names(), ["seed-1", "seed-2", "seed-3"]);
      },
    ),
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
          `${Deno.pid}): wait until it is done; \`deno task exp\` with --pending trains what no ` +
          "other process does",
      );
    }),
);
