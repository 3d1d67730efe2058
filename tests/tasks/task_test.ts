import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import type * as tf from "@tensorflow/tfjs";
import { batches, inOrder } from "../../lib/training/batches.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { runEval } from "../../lib/commands/eval.ts";
import { evaluate } from "../../lib/evaluation/evaluate.ts";
import { evaluateStep } from "../../lib/training/evaluate_step.ts";
import { open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { inputs, type Toy } from "../support/toy.ts";
import { toys } from "../support/toy_runs.ts";
import { training } from "../support/toy_training.ts";
import { numbered, secondTask } from "../support/second_task.ts";

/** A method that learns the task and reports the task's addition to the step context. */
const reporting: Distiller<Toy, undefined, { readonly counts: tf.Tensor }> = {
  id: "telling",
  options: {},
  build: () => ({ student, task, counts }) => ({
    terms: { task: [1, task(student)] },
    writes: [],
    reports: { counts },
  }),
};

const dataset = numbered({ size: 8, train: 8, test: 30, classes: 5 });

for (const kind of ["cpu", "compiled"] as const) {
  const body = async () => {
    const engine = await open(kind);
    const { train, test, image } = await dataset.open("");
    const { run, student } = await training(engine, reporting, {
      teacher: undefined,
      task: secondTask,
    });
    const [{ index: _, ...batch }] = await Array.fromAsync(
      batches({ task: secondTask, split: train, image }, inOrder(8), 8),
    );
    assertEquals(batch.labelNumbers.shape, [8, 2]);
    const first = await run({ ...inputs(0), ...batch });
    assertEquals(first.reports.counts[0], 1.5, "half of the images count twice");
    assertAlmostEquals(first.sums.error[0], 8 * first.loss[0], 1e-4 * first.loss[0]);
    for (let step = 1; step < 20; step++) await run({ ...inputs(step), ...batch });
    assert((await run({ ...inputs(20), ...batch })).loss[0] < first.loss[0] / 2, "it is learned");

    const step = engine.compile(
      evaluateStep(secondTask, [{ student }], dataset.normalisation),
    );
    const beside = engine.compile(
      evaluateStep(secondTask, [{ student, teacher: student }], dataset.normalisation),
    );
    const source = { task: secondTask, split: test, image };
    const [score] = await evaluate(step, source);
    assertEquals(Object.keys(score), ["fit", "error"]);
    for (const [measure, value] of Object.entries((await evaluate(step, source, 7))[0])) {
      assertAlmostEquals(value, score[measure], 1e-3);
    }
    assertEquals((await evaluate(beside, source))[0].gap, 0);
    engine.close();
  };
  const name =
    `second task: its labels, loss and score go through the step and the evaluation, ${kind}`;
  if (kind === "cpu") Deno.test(name, body);
  else await needs(everything, name, body);
}

const taskModule = new URL("../support/second_task.ts", import.meta.url).href;

await needs(
  everything,
  "second task: a whole run, with its log, its result and its printed lines",
  () =>
    toys(
      `import { numbered } from "${taskModule}";
const numbers = { dataset: numbered({ ...images, train: 80, holdout: 16 }), schedule };
export const teacher = experiment(import.meta, { ...numbers, student: large, distiller: scratch() });
export const student = experiment(import.meta, { ...numbers, teacher: from(teacher), student: small, distiller: kd({ ce: 5 }) });
`,
      async (toys) => {
        const { metric, bestEpoch, teachers } = await toys.run("student", 1, { evalBatch: 5 });
        const output = toys.said();
        const log = await toys.log("student");
        for (
          const tag of ["train/loss/kd", "train/error", "test/fit", "test/error", "holdout/fit"]
        ) {
          assert(log.every((line) => Number.isFinite(line[tag])), tag);
        }
        assertEquals(log.flatMap(Object.keys).filter((tag) => tag.includes("top")), []);
        const chosen = log.map((line) => line["holdout/fit"]);
        const best = Math.max(...chosen);
        assertEquals(bestEpoch, chosen.indexOf(best) + 1);
        assertEquals(Object.keys(metric), ["fit", "error", "gap", "heldOut"]);
        const { fit, error, gap, heldOut } = metric;
        const near = (number: number) => Math.round(number * 1e6) / 1e6;
        const [last, top] = [log.at(-1)!, log[bestEpoch - 1]];
        assertEquals(fit, { last: near(last["test/fit"]), best: near(top["test/fit"]) });
        assertEquals(error, { last: last["test/error"], best: top["test/error"] });
        assertEquals(heldOut, { last: near(chosen.at(-1)!), best: near(best) });
        assert(Number(gap) > 0);
        assertStringIncludes(
          output,
          `test ${last["test/fit"].toFixed(1)} holdout ${chosen.at(-1)!.toFixed(1)} img/s`,
        );
        assertStringIncludes(
          output,
          `teacher toy#teacher seed 1, fit ${teachers[0].score.fit.toFixed(1)}\n`,
        );
        toys.said();
        await toys.run("student");
        assertStringIncludes(toys.said(), `done before, fit ${last["test/fit"].toFixed(1)};`);

        const lines: string[] = [];
        const spec = toys.path("toy.ts#student");
        await runEval([spec, "--json"], (line) => lines.push(line));
        const found = JSON.parse(lines[0]);
        assertAlmostEquals(found.fit, last["test/fit"], 1e-3);
        assert(found.largest > 0);
        await runEval([spec], (line) => lines.push(line));
        assertMatch(lines[2], new RegExp(`^fit +${last["test/fit"].toFixed(1)}$`, "m"));
        assertMatch(lines[2], new RegExp(`^largest +${found.largest.toFixed(3)}$`, "m"));
      },
    ),
);
