import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Experiment } from "../../lib/experiment/experiment.ts";
import { availableMemory, fittingTrials, measureStepMemory } from "../../lib/run/memory.ts";
import { prepare } from "../../lib/run/prepare.ts";
import { runTrials } from "../../lib/run/run.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys } from "../support/toy_runs.ts";

Deno.test("fittingTrials: as many steps as fit into four fifths of the memory, at least one", () => {
  assertEquals(fittingTrials({ available: 100, step: 20 }), 4);
  assertEquals(fittingTrials({ available: 100, step: 81 }), 1);
  assertEquals(fittingTrials({ available: 100, step: 0 }), 80);
});

/** Measures a step of trials that train together. */
async function measure(experiments: readonly Experiment[], settings: Settings) {
  const stages = { modules: new Map() };
  const sources = experiments.map((experiment) => ({
    ...{ experiment, teachers: [], stages, learned: [] },
  }));
  const prepared = await prepare(sources, 1, settings);
  try {
    const states = prepared.assemblies.flatMap(({ state }) => state);
    const before = await prepared.engine.read(states);
    const memory = await measureStepMemory(prepared, experiments, settings);
    assertEquals(await prepared.engine.read(states), before, "a variable has changed");
    return memory;
  } finally {
    prepared.close();
  }
}

/** Four experiments whose step takes hundreds of megabytes. */
const WIDE = `
const many = synthetic({ size: 32, train: 128, test: 32, classes: 5 });
const wide = () => experiment(import.meta, {
  dataset: many, schedule: sgd({ epochs: 1, batch: 128, lr: 0.05 }), student: retort.resnet20, distiller: scratch(),
});
export const [one, two, three, four] = [wide(), wide(), wide(), wide()];
`;

await needs(
  everything,
  "measureStepMemory: what earlier steps have left counts as taken by a step, and as available",
  () =>
    toys(WIDE, async (toys) => {
      const [one, two, three, four] = await Promise.all(
        ["one", "two", "three", "four"].map((name) => toys.experiment(name)),
      );
      const settings = toys.settings();
      assertEquals(await measure([one], settings), undefined, "one trial is not limited");
      const first = await measure([one, two], settings);
      assert(first && first.step < first.available);
      // Its experiments are known.
      assertEquals((await measure([two, one], settings))?.step, first.step);
      const later = await measure([two, three], settings);
      assert(later && later.step >= 0.5 * first.step, `${later?.step} after ${first.step}`);
      assert(later.available >= 0.5 * first.available);

      // A cohort has given back its data, which the process had from the start.
      const { memoryUsage } = Deno;
      Deno.memoryUsage = () => {
        const usage = memoryUsage();
        return { ...usage, rss: usage.rss - 2 ** 30 };
      };
      try {
        const less = await measure([three, four], settings);
        assert(less && less.step >= 0.5 * first.step, `${less?.step} after ${first.step}`);
      } finally {
        Deno.memoryUsage = memoryUsage;
      }
    }),
);

const COLUMN = `${PAIR}
export const other = experiment(import.meta, { dataset, schedule, teacher: from(teacher), student: small, distiller: kd({ temperature: 2 }) });
`;

await needs(
  everything,
  "a cohort takes no more trials than fit, also if their number is given, and says why",
  () =>
    toys(COLUMN, async (toys) => {
      const asked = await Promise.all(
        ["student", "other"].map(async (name) => ({
          experiment: await toys.experiment(name),
          seed: 1,
        })),
      );
      const { systemMemoryInfo } = Deno;
      Deno.systemMemoryInfo = () => ({ ...systemMemoryInfo(), available: 0 });
      try {
        await runTrials(asked, toys.settings({ cohort: 2 }));
      } finally {
        Deno.systemMemoryInfo = systemMemoryInfo;
      }
      const said = toys.said();
      assertMatch(
        said,
        /2 trials of seed 1: \d+ MiB for a step of one trial, \d+ MiB free: 1 of 2 train together/,
      );
      assert(!said.includes("2 trials of seed 1 train together"), said);
    }),
);

Deno.test({
  name: "availableMemory: no more than the machine has",
  permissions: { sys: ["systemMemoryInfo"] },
  fn() {
    const available = availableMemory();
    assert(available > 0 && available <= Deno.systemMemoryInfo().total);
  },
});
