import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { type PlanOptions, planQueue } from "../../lib/run/plan.ts";
import { queue, type QueuedTrial } from "../../lib/run/queue.ts";
import { stepMultiplyAdds } from "../../lib/run/untrained_step.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { recordToyTrial } from "../support/toy_project.ts";
import { LOOKS, PAIR, type Toys, toys, trialsOf } from "../support/toy_runs.ts";
import { trial } from "../support/trial.ts";

/** The plan of the student's trials of these seeds. */
async function plan(toys: Toys, seeds: readonly number[], other: Partial<PlanOptions> = {}) {
  const experiment = await toys.experiment("student");
  const settings = toys.settings();
  const waiting = await queue(seeds.map((seed) => ({ experiment, seed })), settings);
  const alone = { groupCohorts: (all: readonly QueuedTrial[]) => all.map((one) => [one]) };
  return await planQueue(waiting, { ...alone, estimate: false, settings, ...other });
}

const record = (toys: Toys, name: string, seed: number, stepSeconds: number, other = {}) =>
  recordToyTrial(toys.folder, `toy.ts#${name}`, trial(seed, 50, { stepSeconds, ...other }));

await needs(
  ["read", "write", "env"],
  "plan: recorded times make jobs that build on each other",
  () =>
    toys(PAIR, async (toys) => {
      await record(toys, "teacher", 7, 2);
      await record(toys, "student", 7, 1, { quick: true });
      await record(toys, "student", 9, 90, { quick: true, epochs: 1 });
      await record(toys, "student", 8, 3);
      const { trials, steps, seconds, criticalPath, onMachines, cohorts } = await plan(toys, [
        1,
        2,
      ]);
      // 64 images in batches of 16, 3 epochs.
      assertEquals(
        trials.map(({ trial: { identity, seed }, ...cost }) => [identity.id, seed, cost]),
        [
          ["toy#teacher", 1, { steps: 12, stepSeconds: 2, source: "recorded", seconds: 24 }],
          ["toy#student", 1, { steps: 12, stepSeconds: 2, source: "recorded", seconds: 24 }],
          ["toy#student", 2, { steps: 12, stepSeconds: 2, source: "recorded", seconds: 24 }],
        ],
      );
      assertEquals([steps, seconds, cohorts.length], [36, 72, 3]);
      assertEquals([1, 2, 3].map(onMachines), [72, 48, 48]);
      assertEquals(criticalPath.seconds, 48);
      assertEquals(criticalPath.trials, trials.slice(0, 2));
    }),
);

await needs(
  ["read", "write", "env"],
  "plan: iterations end a training within its last epoch",
  () =>
    toys(
      `export const student = experiment(import.meta, { dataset, student: small, distiller: scratch(),
        schedule: sgd({ epochs: 3, iterations: 10, batch: 16, lr: 0.05 }) });`,
      async (toys) => {
        await record(toys, "student", 7, 1);
        const { steps, seconds } = await plan(toys, [1, 2]);
        assertEquals([steps, seconds], [20, 20]);
      },
    ),
);

await needs(
  ["read", "write", "env"],
  "plan: a cohort is one job, its time the sum of its trials'",
  () =>
    toys(PAIR, async (toys) => {
      for (const name of ["teacher", "student"]) await record(toys, name, 7, 1);
      const { cohorts, onMachines, aloneOnMachines } = await plan(toys, [1, 2], {
        groupCohorts: ([teacher, ...students]) => [[teacher], students],
      });
      assertEquals(cohorts.map(({ length }) => length), [1, 2]);
      assertEquals([onMachines(2), aloneOnMachines(2)], [36, 24]);
    }),
);

await needs(
  ["read", "write", "env"],
  "plan: an estimate scales by multiply-adds what is recorded",
  () =>
    toys(PAIR, async (toys) => {
      await record(toys, "student", 7, 1);
      const { trials: [teacher, student] } = await plan(toys, [1], { estimate: true });
      assertEquals([teacher.source, student.source], ["estimated", "recorded"]);
      const [large, small] = [teacher, student].map(({ trial: { experiment } }) =>
        stepMultiplyAdds(experiment, experiment.dataset.sizes!)
      );
      assertAlmostEquals(teacher.stepSeconds, large / small);
    }),
);

await needs(
  everything,
  "plan: what is not recorded is timed, once for equal experiments",
  () =>
    toys(PAIR, async (toys) => {
      // Of another precision, and of several machines.
      await record(toys, "student", 7, 1000, { precision: "bfloat16" });
      await record(toys, "student", 8, 1000, { workers: 2 });
      const { trials } = await plan(toys, [1, 2]);
      assertEquals(trials.map(({ source }) => source), ["measured", "measured", "measured"]);
      assert(trials.every(({ stepSeconds }) => stepSeconds > 0 && stepSeconds < 1000));
      assertEquals(trials[1].stepSeconds, trials[2].stepSeconds);
      const { trials: estimated } = await plan(toys, [1], { estimate: true });
      assertEquals(estimated.map(({ source }) => source).toSorted(), ["estimated", "measured"]);
    }),
);

await needs(
  everything,
  "plan: the steps that a run has saved are done",
  () =>
    toys(PAIR, async (toys) => {
      for (const name of ["teacher", "student"]) await record(toys, name, 7, 1);
      let looks = 0;
      const interrupted = () => ++looks === LOOKS + 5;
      await assertRejects(
        () => toys.run("teacher", 1, { interrupted }),
        Failure,
        "interrupted in epoch 2 after batch 1",
      );
      const { trials, steps, seconds } = await plan(toys, [1]);
      assertEquals(trials.map(({ steps }) => steps), [7, 12]);
      assertEquals([steps, seconds], [19, 19]);
    }),
);

await needs(
  ["read", "write", "env"],
  "plan: nothing to train costs nothing",
  () =>
    toys(PAIR, async (toys) => {
      const { trials, seconds, onMachines, criticalPath } = await plan(toys, []);
      assertEquals([trials, seconds, onMachines(3)], [[], 0, 0]);
      assertEquals(criticalPath, { seconds: 0, trials: [] });
    }),
);

await needs(
  ["read", "write", "env"],
  "plan: networks, methods and optimisers of other options have times of their own",
  () =>
    toys(
      `const wide = retort.mobilenetv2({ width: 2 }), narrow = retort.mobilenetv2({ width: 0.25 });
const pictures = synthetic({ size: 32, train: 64, test: 32, classes: 5 });
const alone = { dataset: pictures, schedule, student: narrow, distiller: scratch() };
const again = sgd({ epochs: 9, batch: 16, lr: 0.5 });
export default {
  narrow: experiment(import.meta, alone),
  longer: experiment(import.meta, { ...alone, schedule: again }),
  wide: experiment(import.meta, { ...alone, student: wide }),
  dot: experiment(import.meta, { ...alone, schedule: sgd({ epochs: 3, batch: 16, lr: 0.1, dot: 0.05 }) }),
};`,
      async (toys) => {
        await record(toys, "narrow", 7, 1);
        await record(toys, "wide", 7, 9);
        await record(toys, "dot", 7, 2);
        const names = ["narrow", "longer", "wide", "dot"];
        const asked = await trialsOf(toys, ...names.map((name): [string, number] => [name, 1]));
        const settings = toys.settings();
        const { trials } = await planQueue(await queue(asked, settings), {
          groupCohorts: (all) => all.map((one) => [one]),
          estimate: true,
          settings,
        });
        assertEquals(trials.map(({ stepSeconds }) => stepSeconds), [1, 1, 9, 2]);
      },
    ),
);
