import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { Failure } from "../../lib/values/failure.ts";
import type { Trial } from "../../lib/project/result.ts";
import { runSweep } from "../../lib/commands/sweep.ts";
import { everything, needs } from "../support/needs.ts";
import { skipTypeCheck } from "../support/toy_project.ts";
import { toys } from "../support/toy_runs.ts";
import { accuracyOf } from "../support/trial.ts";

const outputOf = async (...args: string[]): Promise<string[]> => {
  const lines: string[] = [];
  await runSweep([...args, "--quiet"], (line) => lines.push(line), skipTypeCheck);
  return lines;
};

const failureOf = async (exit: number, ...args: string[]): Promise<string> => {
  const run = () => runSweep([...args, "--quiet"], undefined, skipTypeCheck);
  const failure = await assertRejects(run, Failure);
  assertEquals(failure.exit, exit, failure.message);
  return failure.message;
};

/** A sweep over the learning rates of a student alone, one of which is too high. */
const sweepOf = (rates: string, holdout: number) => `
export const teacher = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
export default retort.sweep({
  space: { lr: ${rates}, channels: [2, 3] },
  method: "grid",
  make: ({ lr, channels }) =>
    experiment(import.meta, {
      dataset: synthetic({ ...images, holdout: ${holdout} }),
      schedule: sgd({ epochs: 2, batch: 16, lr }),
      student: toy("toy", channels),
      distiller: scratch(),
    }),
});
`;

interface Line {
  readonly experiment: string;
  readonly point: { readonly lr: number; readonly channels: number };
  readonly heldOut?: { readonly mean: number; readonly std?: number; readonly n: number };
  readonly best: boolean;
  readonly problem?: string;
  readonly trials: readonly Trial[];
}

await needs(["read", "env"], "sweep: usage errors have exit code 2 and a hint", async () => {
  assertEquals(await failureOf(2), "which sweep? deno task sweep experiments/examples/sweep.ts");
  assertEquals(await failureOf(2, "a.ts", "b.ts"), "one at a time: deno task sweep a.ts");
  assertEquals(
    await failureOf(2, "a.ts", "--epoch", "3"),
    "unknown flag --epoch; did you mean --epochs?",
  );
  assertStringIncludes((await outputOf("--help"))[0], "usage: deno task sweep <module>");
});

await needs(
  everything,
  "sweep: a module without hold-out or without sweep has exit code 2 and trains nothing",
  async () => {
    await toys(sweepOf("[0.1]", 0), async (toys) => {
      const message = await failureOf(2, toys.path("toy.ts"));
      assertStringIncludes(message, "synthetic holds nothing out at channels=2,lr=0.1");
      assert(!existsSync(toys.path("runs")));
    });
    await toys("export default { scratch };", async (toys) => {
      assertStringIncludes(await failureOf(2, toys.path("toy.ts")), "toy.ts exports no sweep");
    });
  },
);

await needs(
  everything,
  "sweep: every point is a run, and the best on the hold-out comes first",
  () =>
    toys(sweepOf("[0.05, 1e25, 0.01]", 20), async (toys) => {
      const module = toys.path("toy.ts");
      const [dry] = await outputOf(module, "--dry-run", "--trials", "2");
      const listed = dry.split("\n").map((row) => row.split(/  +/));
      assertEquals([listed.length, listed[0]], [6, [
        "toy#channels=2,lr=0.05",
        "seed 1: missing",
        "seed 2: missing",
      ]]);
      assert(!existsSync(toys.path("runs")));

      // Earlier runs count.
      const before = await toys.run("channels=3,lr=0.01");
      const lines: Line[] = (await outputOf(module, "--json")).map((line) => JSON.parse(line));
      assertEquals(lines.map(({ best }) => best), [true, false, false, false, false, false]);
      const reached = lines.slice(0, 4).map(({ heldOut }) => heldOut!.mean);
      assertEquals(reached, [...reached].sort((a, b) => b - a));
      for (const { point, problem, heldOut, trials } of lines.slice(4)) {
        assertEquals([point.lr, heldOut, trials], [1e25, undefined, []]);
        assertStringIncludes(problem!, "try a smaller learning rate");
      }
      for (
        const { experiment, point: { lr, channels }, trials: [trial], heldOut } of lines.slice(0, 4)
      ) {
        const name = `channels=${channels},lr=${lr}`;
        const log = await toys.log(name);
        assertEquals([experiment, heldOut!.mean], [`toy#${name}`, log[1]["holdout/top1"]]);
        assertEquals(trial.metric.heldOut!.last, heldOut!.mean);
        const recorded = JSON.parse(await Deno.readTextFile(toys.path(`toy/${name}.json`)));
        assertEquals(recorded.trials, [trial]);
      }
      assertEquals(
        lines.find(({ experiment }) => experiment === "toy#channels=3,lr=0.01")!.trials,
        [before],
      );

      const table = (await outputOf(module)).join("\n").split("\n");
      assertEquals(table[0].split(/  +/), ["lr", "channels", "hold-out top-1 (n)"]);
      assertEquals(table.slice(1, 7).map((row) => row.endsWith("best")), [
        true,
        false,
        false,
        false,
        false,
        false,
      ]);
      assertEquals(table.filter((row) => row.includes("diverged")).length, 2);
      const { experiment, trials: [trial] } = lines[0];
      const { last } = trial.metric.heldOut!;
      assertEquals(
        table[8],
        `best: ${experiment}, hold-out ${last.toFixed(2)}, test ${
          accuracyOf(trial).last.toFixed(2)
        }`,
      );
    }),
);

await needs(
  everything,
  "sweep: a best score that several points have is said",
  () =>
    toys(sweepOf("[1e-30, 2e-30]", 20), async (toys) => {
      const table = (await outputOf(toys.path("toy.ts"))).join("\n").split("\n");
      const scores = table.slice(1, 5).map((row) => row.split(/  +/)[2]);
      const ties = scores.filter((score) => score === scores[0]).length;
      assert(ties > 1, table.join("\n"));
      assert(table[6].endsWith(`, the first of ${ties} with this score`), table[6]);
    }),
);

await needs(
  everything,
  "sweep: trials are averaged, and exit code 4 means that every point diverged",
  async () => {
    await toys(sweepOf("[0.05]", 20), async (toys) => {
      const args = [toys.path("toy.ts"), "--trials", "2", "--epochs", "1", "--limit", "1"];
      const [{ heldOut, trials }]: Line[] = (await outputOf(...args, "--json")).map((line) =>
        JSON.parse(line)
      );
      const [one, other] = trials.map(({ metric }) => metric.heldOut!.last);
      assertEquals([heldOut!.mean, heldOut!.n, trials.map(({ seed }) => seed)], [
        (one + other) / 2,
        2,
        [1, 2],
      ]);
      assert((await outputOf(...args)).at(-1)!.endsWith(", quick"));
    });
    await toys(sweepOf("[1e25]", 20), async (toys) => {
      assertStringIncludes(
        await failureOf(4, toys.path("toy.ts")),
        "every point of the sweep diverged",
      );
    });
  },
);
