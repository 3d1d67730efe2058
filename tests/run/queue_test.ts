import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import {
  checkCode,
  checkResults,
  describeFresh,
  queue,
  type QueuedTrial,
} from "../../lib/run/queue.ts";
import { ownCode } from "../../lib/project/own_code.ts";
import { readResult } from "../../lib/project/result.ts";
import { runTrials } from "../../lib/run/run.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { needsDisk } from "../support/disk.ts";
import { failureMessage } from "../support/failure_message.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, type Toys, toys, trialsOf } from "../support/toy_runs.ts";
import { writeRun } from "../support/write_run.ts";

const disk = ["read", "write", "env"] as const;

/** A teacher's teacher, a teacher, a first stage, and their students. */
const FAMILY = `
const grand = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
const teacher = experiment(import.meta, { dataset, schedule, teacher: from(grand, { epoch: "best" }), student: large, distiller: kd() });
const pair = { dataset, schedule, teacher: from(teacher) };
const init = experiment(import.meta, { ...pair, student: small, distiller: retort.abInit() });
const main = experiment(import.meta, { ...pair, student: from(init, { seed: 2 }), distiller: retort.ab() });
const early = experiment(import.meta, { ...pair, teacher: from(teacher, { epoch: 2 }), student: small, distiller: kd() });
export default { grand, teacher, init, main, early };
`;

const nameOf = ({ identity, seed }: QueuedTrial): string => `${identity.name} ${seed}`;

/** Queues trials and gives the names of the queue's entries. */
async function queuedNames(
  toys: Toys,
  trials: readonly [name: string, seed: number][],
  other: Partial<Settings> = {},
): Promise<string[]> {
  return (await queue(await trialsOf(toys, ...trials), toys.settings(other))).map(nameOf);
}

await needs(
  disk,
  "queue: has each trial once, after its teachers and first stages, with the epochs that others need",
  () =>
    toys(FAMILY, async (toys) => {
      const trials = await trialsOf(toys, ["main", 1], ["early", 1], ["early", 2], ["teacher", 1], [
        "main",
        1,
      ]);
      const waiting = await queue(trials, toys.settings());
      assertEquals(waiting.map(nameOf), [
        "grand 1",
        "teacher 1",
        "init 2",
        "main 1",
        "early 1",
        "early 2",
      ]);
      assertEquals(waiting.map(({ keep }) => keep), [["best"], ["last", 2], ["last"], [], [], []]);
      assertEquals(
        waiting.map(({ need }) => need && `${need.role} of ${need.id} seed ${need.seed}`),
        [
          "teacher of toy#teacher seed 1",
          "teacher of toy#main seed 1",
          "first stage of toy#main seed 1",
          ...Array(3).fill(undefined),
        ],
      );
      assertEquals(
        new Set(waiting.map(({ state, quick }) => `${state} ${quick}`)),
        new Set(["missing undefined"]),
      );
      assertEquals(await queuedNames(toys, [["teacher", 1], ["teacher", 3]]), [
        "grand 1",
        "teacher 1",
        "teacher 3",
      ]);
      assertEquals(await queuedNames(toys, []), []);
      assert(!existsSync(toys.path("runs")));
    }),
);

await needs(
  disk,
  "queue: leaves out done trials and what only they build on; one that lacks an epoch precedes all that need it",
  () =>
    toys(FAMILY, async (toys) => {
      await writeRun(toys, "teacher", 1, ["last", "best"]);
      assertEquals(await queuedNames(toys, [["main", 1]]), ["init 2", "main 1"]);
      assertEquals(await queuedNames(toys, [["teacher", 1]]), []);
      const waiting = await queue(await trialsOf(toys, ["main", 1], ["early", 1]), toys.settings());
      assertEquals(waiting.map(nameOf), ["grand 1", "teacher 1", "init 2", "main 1", "early 1"]);
      assertEquals(waiting[1].state, "lacking");
      // A student that is done needs no weights: its teacher is not trained again for them.
      await writeRun(toys, "early", 1, ["last", "best"]);
      assertEquals(await queuedNames(toys, [["main", 1], ["early", 1]]), ["init 2", "main 1"]);
      await Deno.remove(toys.of("early", 1, ""), { recursive: true });
      await writeRun(toys, "teacher", 1, ["last", "best", 2]);
      assertEquals(await queuedNames(toys, [["main", 1], ["early", 1]]), [
        "init 2",
        "main 1",
        "early 1",
      ]);
    }),
);

await needs(
  disk,
  "queue: a quick run's teachers are quick too, unless a full run serves it; only requested trials are fresh",
  () =>
    toys(FAMILY, async (toys) => {
      const cut = { epochs: 6, limit: 2 } as const;
      const waiting = await queue(
        await trialsOf(toys, ["early", 1]),
        toys.settings({ ...cut, fresh: true }),
      );
      assertEquals(waiting.map(nameOf), ["grand 1", "teacher 1", "early 1"]);
      assertEquals(waiting.map(({ quick }) => quick), Array(3).fill("quick-6-2"));
      assertEquals(waiting[1].keep, [4]);
      assertEquals(waiting.map(({ state }) => state), ["missing", "missing", "fresh"]);
      assertEquals(waiting.map(({ settings: { fresh } }) => fresh), [false, false, true]);

      await writeRun(toys, "teacher", 1, ["last", "best"]);
      assertEquals(await queuedNames(toys, [["main", 1]], cut), ["init 2", "main 1"]);
      assertEquals(await queuedNames(toys, [["early", 1]], cut), [
        "grand 1",
        "teacher 1",
        "early 1",
      ]);
      assertEquals(await queuedNames(toys, [["main", 1]], { fresh: true }), ["init 2", "main 1"]);
      const both = await queue(
        await trialsOf(toys, ["init", 1], ["teacher", 1]),
        toys.settings({ fresh: true }),
      );
      assertEquals(both.map((trial) => `${nameOf(trial)} ${trial.state}`), [
        "grand 1 missing",
        "teacher 1 fresh",
        "init 1 fresh",
      ]);
    }),
);

await needs(
  disk,
  "queue: a quick student does not put a full run aside that lacks an epoch, whatever its length",
  () =>
    toys(
      FAMILY.replace(
        "const early =",
        `const long = sgd({ epochs: 5, batch: 16, lr: 0.05 });
const late = experiment(import.meta, { ...pair, schedule: long, teacher: from(teacher, { epoch: 2 }), student: small, distiller: kd() });
const early =`,
      ).replace("main, early }", "main, early, late }"),
      async (toys) => {
        await writeRun(toys, "grand", 1, ["last", "best"]);
        await writeRun(toys, "teacher", 1, ["last", "best"]);
        const queued = async (...names: string[]) => {
          const trials = await trialsOf(toys, ...names.map((name): [string, number] => [name, 1]));
          const waiting = await queue(trials, toys.settings({ epochs: 3 }));
          return waiting.map((one) => `${nameOf(one)} ${one.quick} ${one.state} ${one.keep}`);
        };
        const apart = "teacher 1 quick-3-all missing 2";
        const late = "late 1 quick-3-all missing ";
        assertEquals(await queued("late"), [apart, late]);
        assertEquals(await queued("teacher", "late"), [apart, late]);
        // A full student needs a full teacher, which then serves the quick one too.
        const both = ["teacher 1 undefined lacking 2", "early 1 undefined missing "];
        assertEquals(await queued("early"), both);
        assertEquals(await queued("late", "early"), [apart, late, ...both]);
        await Deno.rename(toys.of("teacher", 1), toys.path("gone"));
        assertEquals(await queued("late"), ["teacher 1 undefined missing 2", late]);
      },
    ),
);

await needs(
  everything,
  "runTrials: a quick student learns from a teacher of its own beside a full run that lacks an epoch",
  () =>
    toys(
      PAIR + `
export const late = experiment(import.meta, { dataset, schedule: sgd({ epochs: 5, batch: 16, lr: 0.05 }), teacher: from(teacher, { epoch: 2 }), student: small, distiller: kd() });
`,
      async (toys) => {
        await toys.run("teacher");
        const before = await Deno.readFile(toys.of("teacher", 1, "latest.safetensors"));
        const student = await toys.run("late", 1, { epochs: 3 });
        assert(student.quick);
        assertEquals(await Deno.readFile(toys.of("teacher", 1, "latest.safetensors")), before);
        assert(!existsSync(`${toys.of("teacher", 1)}.old-1`));
        assert(existsSync(`${toys.of("teacher", 1)}-quick-3-all/epoch-2.safetensors`));
        assert(existsSync(toys.path("toy/teacher.json")));
        assertStringIncludes(toys.said(), "late seed 1 (quick-3-all)");
        await toys.run("late", 1, { epochs: 3 });
        assertStringIncludes(toys.said(), "done before");
      },
    ),
);

await needs(
  everything,
  "runTrials: a result from before a failure stays; a trial that another process trained meanwhile is not trained again",
  () =>
    toys(
      PAIR + `
export const steep = experiment(import.meta, { dataset, schedule: sgd({ epochs: 9, batch: 16, lr: 1e30 }), student: small, distiller: scratch() });
`,
      async (toys) => {
        await failureMessage(
          runTrials(await trialsOf(toys, ["teacher", 1], ["steep", 1]), toys.settings()),
          4,
        );
        const recorded = async () =>
          (await readResult(toys.path("toy/teacher.json"), "toy#teacher"))!.trials;
        assertEquals((await recorded()).map(({ seed }) => seed), [1]);

        const second = await toys.run("teacher", 2);
        const folder = toys.of("teacher", 2);
        await Deno.rename(folder, `${folder}-elsewhere`);
        let isBack = false;
        const interrupted = () => {
          if (!isBack) Deno.renameSync(`${folder}-elsewhere`, folder);
          isBack = true;
          return false;
        };
        toys.said();
        const done = await runTrials(
          await trialsOf(toys, ["teacher", 3], ["teacher", 2]),
          toys.settings({ interrupted }),
        );
        assertEquals(done.map(({ trial: { seed } }) => seed), [3, 2]);
        assertEquals(done[1].trial, second);
        assertStringIncludes(toys.said(), "toy#teacher seed 2: done before");
      },
    ),
);

await needs(
  disk,
  "checkResults: refuses a result that cannot be recorded, before anything is trained",
  () =>
    toys(FAMILY, async (toys) => {
      const waiting = await queue(await trialsOf(toys, ["main", 1]), toys.settings());
      await checkResults(waiting);
      await Deno.mkdir(toys.path("toy"));
      await Deno.writeTextFile(toys.path("toy/main.json"), "{");
      const damaged = await failureMessage(checkResults(waiting), 3);
      assertStringIncludes(damaged, "toy/main.json is not a result");
      await Deno.remove(toys.path("toy/main.json"));
      const [main] = waiting.slice(-1);
      const twin = { ...main, identity: { ...main.identity, id: "toy/main" } };
      const shared = await failureMessage(checkResults([...waiting, twin]), 3);
      assertStringIncludes(shared, "rename the module or the export of one of them");
    }),
);

await needsDisk(
  disk,
  1 << 20,
  "checkResults: refuses a result on a read-only disk",
  (folder, readOnly) =>
    toys(FAMILY, async (toys) => {
      const waiting = await queue(await trialsOf(toys, ["main", 1]), toys.settings());
      await Deno.symlink(folder, toys.path("toy"));
      await checkResults(waiting);
      readOnly();
      const refused = await failureMessage(checkResults(waiting), 3);
      assertStringIncludes(refused, "toy/grand.json: Read-only file system");
    }),
);

await needs(
  disk,
  "describeFresh: a requested trial takes a flag, another one its own command, a quick one its length",
  () =>
    toys(FAMILY, async (toys) => {
      const ways = async (settings: Partial<Settings>) =>
        (await queue(await trialsOf(toys, ["teacher", 1]), toys.settings(settings))).map(
          describeFresh,
        );
      const flag = "--fresh trains it again, and all else that is asked for";
      const of = (name: string, flags = "") =>
        `\`deno task exp toy#${name} --seed 1${flags} --fresh\` trains it again`;
      const quick = " --epochs 1 --limit 2";
      assertEquals(await ways({}), [of("grand"), flag]);
      assertEquals(await ways({ epochs: 1, limit: 2, pending: true }), [
        of("grand", quick),
        of("teacher", quick),
      ]);
      assertEquals(await ways({ epochs: 1 }), [of("grand", " --epochs 1"), flag]);
    }),
);

await needs(
  disk,
  "queue: --epochs that makes only a teacher quick is refused",
  () =>
    toys(
      `const teacher = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
const long = sgd({ epochs: 5, batch: 16, lr: 0.05 });
const student = experiment(import.meta, { dataset, schedule: long, teacher: from(teacher), student: small, distiller: kd() });
export default { teacher, student };`,
      async (toys) => {
        assertEquals(await queuedNames(toys, [["student", 1]], { epochs: 4 }), [
          "teacher 1",
          "student 1",
        ]);
        assertEquals(
          await failureMessage(queuedNames(toys, [["student", 1]], { epochs: 5 }), 2),
          "--epochs 5 is the number that toy.ts declares, but its teacher declares 3: leave out " +
            "--epochs, so that both are trained as declared",
        );
      },
    ),
);

await needs(
  disk,
  "checkCode: reads the code of every trial, which may change until its training begins",
  () =>
    toys(PAIR, async (toys) => {
      const waiting = await queue(await trialsOf(toys, ["student", 1]), toys.settings());
      await checkCode(waiting);
      const [{ identity }] = waiting;
      await Deno.remove(toys.path("toy.ts"));
      const modules = Object.keys(await ownCode(identity, toys.folder));
      assertEquals(modules.includes("toy.ts"), true, modules.join());
    }),
);
