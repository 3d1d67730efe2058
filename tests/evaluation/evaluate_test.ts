import type { Ungrouped } from "../../lib/engine/engine.ts";
import type { ByTrial } from "../../lib/training/step.ts";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { BatchSource } from "../../lib/training/batches.ts";
import type { CompiledStep } from "../../lib/engine/engine.ts";
import { EVAL_BATCH, evaluate } from "../../lib/evaluation/evaluate.ts";
import type { EvaluateInput } from "../../lib/training/evaluate_step.ts";
import { classification } from "../../lib/tasks/classification.ts";

const source: BatchSource = {
  task: classification,
  split: {
    size: 601,
    labels: Int32Array.from({ length: 601 }, (_, i) => i % 10),
    read: (indices) => Promise.resolve(new Uint8Array(indices.length)),
  },
  image: [1, 1, 1],
};

/**
 * A step with a hit for every image of class 0, a hit among the first five for the first five
 * classes, and a divergence by class.
 */
const run =
  (seen: number[] = []): CompiledStep<EvaluateInput, ByTrial<Ungrouped>> =>
  ({ image: { shape }, label: { data } }) => {
    seen.push(shape[0]);
    const hits = (below: number) => Float32Array.from(data, (label) => label < below ? 1 : 0);
    const kl = Float32Array.from(data, (label) => 0.1 * label);
    return Promise.resolve({ 0: { top1: hits(1), top5: hits(5), kl } });
  };

Deno.test("evaluate: every image counts once, in the percentages and in the mean KL", async () => {
  const sizes: number[] = [];
  const [{ top1, top5, kl }] = await evaluate(run(sizes), source);
  assertEquals(sizes, [EVAL_BATCH, EVAL_BATCH, 101]);
  assertEquals([top1, top5], [100 * 61 / 601, 100 * 301 / 601]);
  assertAlmostEquals(kl, 0.1 * 60 * 45 / 601, 1e-6);
});

Deno.test("evaluate: the score does not depend on the size of a batch", async () => {
  const score = await evaluate(run(), source);
  for (const size of [1, 7, 601, 1000]) assertEquals(await evaluate(run(), source, size), score);
});

Deno.test("evaluate: a limit takes so many batches, from the whole split", async () => {
  const sizes: number[] = [];
  const [{ top1, top5 }] = await evaluate(run(sizes), source, 50, 2);
  assertEquals(sizes, [50, 50]);
  // Every sixth of 601 images, whose classes repeat after ten: the even ones, and one step further.
  assertEquals([top1, top5], [20, 60]);
  for (const limit of [3, 100]) {
    assertEquals(await evaluate(run(), source, 250, limit), await evaluate(run(), source));
  }
});

Deno.test("evaluate: a score has the step's measures, and no KL without a teacher", async () => {
  const none: CompiledStep<EvaluateInput, ByTrial<Ungrouped>> = ({ image: { shape: [size] } }) =>
    Promise.resolve({ 0: { top1: new Float32Array(size), top5: new Float32Array(size) } });
  assertEquals(await evaluate(none, source), [{ top1: 0, top5: 0 }]);
});

Deno.test("evaluate: each network has a score of its own, over images that are read once", async () => {
  const sizes: number[] = [];
  const two: CompiledStep<EvaluateInput, ByTrial<Ungrouped>> = async (inputs) => {
    const { 0: first } = await run(sizes)(inputs);
    return { 0: first, 1: { ...first, top1: first.top5 } };
  };
  const [first, second] = await evaluate(two, source);
  assertEquals(second, { ...first, top1: first.top5 });
  assertEquals(sizes, [EVAL_BATCH, EVAL_BATCH, 101]);
});
