import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { runPlan } from "../../lib/commands/plan.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needs } from "../support/needs.ts";
import { recordToyTrial, skipTypeCheck } from "../support/toy_project.ts";
import { PAIR, type Toys, toys } from "../support/toy_runs.ts";
import { trial } from "../support/trial.ts";

/** What the command prints. */
async function outputOf(toys: Toys, ...args: string[]): Promise<string> {
  const lines: string[] = [];
  await runPlan([...args, "--quiet"], (line) => lines.push(line), toys.folder, skipTypeCheck);
  return lines.join("\n");
}

/** Records trials whose steps took 300 and 600 seconds. */
async function record({ folder }: Toys): Promise<void> {
  await recordToyTrial(folder, "toy.ts#teacher", trial(1, 50, { stepSeconds: 300 }));
  await recordToyTrial(folder, "toy.ts#student", trial(1, 50, { stepSeconds: 600 }));
}

await needs(
  ["read", "write", "env"],
  "plan: a row for each experiment, then the sums",
  () =>
    toys(PAIR, async (toys) => {
      await record(toys);
      const module = toys.path("toy.ts#student");
      assertEquals(
        await outputOf(toys, module, "--trials", "3", "--machines", "2", "--cohort", "1"),
        [
          "experiment   time      trials  epochs  steps  ms a step  hours",
          "toy#teacher  recorded       1       3     12   300000.0   1.00",
          "toy#student  recorded       2       3     24   600000.0   4.00",
          "",
          "trials          3 to train, 1 recorded already",
          "cohorts         3, the largest of 1",
          "steps           36",
          "1 machine       5.00 h",
          "2 machines      3.00 h, a cohort on one of them; 3.00 h with each trial alone",
          "at least        3.00 h: toy#teacher seed 1 → toy#student seed 2",
          "time of a step  3 trials recorded by earlier trials, each its share of its cohort's",
          "left out        evaluations, tracing, and what a cohort saves, unless a recorded time has it",
        ].join("\n"),
      );
      assertEquals(await outputOf(toys, module), "0 trials are to be trained, 1 recorded already");
    }),
);

await needs(
  ["read", "write", "env"],
  "plan: --estimate scales recorded times and times nothing",
  () =>
    toys(PAIR, async (toys) => {
      await recordToyTrial(toys.folder, "toy.ts#teacher", trial(1, 50, { stepSeconds: 300 }));
      const text = await outputOf(toys, toys.path("toy.ts#student"), "--estimate");
      assertStringIncludes(text, "toy#student  estimated       1       3     12");
      assertStringIncludes(text, "1 trial estimated from other experiments by multiply-adds");
    }),
);

await needs(["read", "write", "env"], "plan: as JSON", () =>
  toys(PAIR, async (toys) => {
    await record(toys);
    const module = toys.path("toy.ts#student");
    const plan = JSON.parse(await outputOf(toys, module, "--seed", "2", "--json"));
    const cost = { steps: 12, source: "recorded" };
    assertEquals(plan, {
      recorded: 0,
      trials: [
        { experiment: "toy#teacher", seed: 1, ...cost, stepSeconds: 300, seconds: 3600 },
        { experiment: "toy#student", seed: 2, ...cost, stepSeconds: 600, seconds: 7200 },
      ],
      cohorts: [["toy#teacher seed 1"], ["toy#student seed 2"]],
      steps: 24,
      seconds: 10800,
      machines: { n: 1, seconds: 10800, aloneSeconds: 10800 },
      criticalPath: { seconds: 10800, trials: ["toy#teacher seed 1", "toy#student seed 2"] },
    });
  }));

await needs(
  ["read", "write", "env"],
  "plan: what is missing or wrong is named",
  () =>
    toys(PAIR, async (toys) => {
      await Deno.mkdir(toys.path("experiments"));
      for (
        const [args, message] of [
          [[], "which table? deno task plan slkd, or experiments/quickstart.ts"],
          [["slkd"], "there are no tables of slkd"],
          [[toys.path("toy.ts#studnt")], "no experiment called studnt"],
          [[toys.path("toy.ts"), "--machines", "0"], "--machines needs a whole number"],
        ] as const
      ) {
        const failure = await assertRejects(() => outputOf(toys, ...args), Failure);
        assertEquals(failure.exit, 2);
        assertStringIncludes(failure.message, message);
      }
      assertStringIncludes(await outputOf(toys, "--help"), "--machines");
    }),
);
