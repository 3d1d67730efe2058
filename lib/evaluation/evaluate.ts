import { batches, type BatchSource, inOrder } from "../training/batches.ts";
import type { CompiledStep, Ungrouped } from "../engine/engine.ts";
import type { EvaluateInput } from "../training/evaluate_step.ts";
import type { Score, Tally } from "../tasks/task.ts";
import type { ByTrial } from "../training/step.ts";

/** Default batch size of an evaluation. */
export const EVAL_BATCH = 250;

/**
 * Runs an evaluation step over a split, `size` images at a time, and returns the score of each of
 * its networks. Scores depend on the batch size by rounding only. With `limit`, it takes so many
 * batches, of images from the whole split at even distances. Default: all.
 */
export async function evaluate(
  run: CompiledStep<EvaluateInput, ByTrial<Ungrouped>>,
  source: BatchSource,
  size: number = EVAL_BATCH,
  limit: number = Infinity,
): Promise<Score[]> {
  const tallies: Tally<Score>[] = [];
  for await (
    const { image, index: _, ...labels } of batches(source, evaluated(source, size, limit), size)
  ) {
    const values = await run({ image, ...labels });
    for (const [i, own] of Object.values(values).entries()) {
      (tallies[i] ??= source.task.tally()).add(own, labels);
    }
  }
  return tallies.map((tally) => tally.result());
}

/** The images that an evaluation takes. */
function evaluated({ split }: BatchSource, size: number, limit: number): Uint32Array {
  const all = split.size;
  const count = Math.min(all, size * limit);
  return inOrder(count).map((i) => Math.floor(i * all / count));
}
