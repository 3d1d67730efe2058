import { batches, type BatchSource, inOrder } from "../training/batches.ts";
import type { CompiledStep, Ungrouped } from "../engine/engine.ts";
import type { Split } from "../data/dataset.ts";
import { sortByShape } from "../data/padded.ts";
import type { EvaluateInput } from "../training/evaluate_step.ts";
import type { Score, Tally, Task } from "../tasks/task.ts";
import type { ByTrial } from "../training/step.ts";

/** Default batch size of an evaluation, unless its task has another one. */
export const EVAL_BATCH = 250;

/** The batch size of an evaluation. `asked`: what the user says. */
export function evaluationBatch({ evaluationBatch = EVAL_BATCH }: Task, asked?: number): number {
  return asked ?? evaluationBatch;
}

/**
 * Runs an evaluation step over a split, `size` images at a time, and returns the score of each of
 * its networks. Scores depend on the batch size by rounding only. With `limit`, it takes so many
 * batches, of images from the whole split at even distances. Default: all. Calls `between` after
 * each batch but the last, which may throw to end the evaluation. Default: does nothing.
 */
export async function evaluate(
  run: CompiledStep<EvaluateInput, ByTrial<Ungrouped>>,
  source: BatchSource,
  size: number = evaluationBatch(source.task),
  limit: number = Infinity,
  between: () => void = () => {},
): Promise<Score[]> {
  const tallies: Tally<Score>[] = [];
  const chosen = evenlyChosen(source.split, size * limit);
  let left = chosen.length;
  for await (
    const { image, index, ...labels } of batches(source, chosen, size)
  ) {
    const values = await run({ image, ...labels });
    for (const [i, own] of Object.values(values).entries()) {
      (tallies[i] ??= source.task.tally(source.split)).add(own, labels);
    }
    left -= index.data.length;
    if (left > 0) between();
  }
  return tallies.map((tally) => tally.result());
}

/**
 * Chooses so many images of a split at even distances, or all if it has no more, those of one shape
 * together.
 */
export function evenlyChosen({ size, padded }: Split, most: number): Uint32Array {
  const count = Math.min(size, most);
  return sortByShape(inOrder(count).map((i) => Math.floor(i * size / count)), padded);
}
