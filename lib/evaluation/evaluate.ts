import { batches, type BatchSource, inOrder } from "../training/batches.ts";
import type { CompiledStep } from "../engine/engine.ts";
import type { EvaluateInput } from "../training/evaluate_step.ts";
import type { Score } from "../tasks/task.ts";

/** Default batch size of an evaluation. */
export const EVAL_BATCH = 250;

/**
 * Runs an evaluation step over a whole split, `size` images at a time. The score depends on the
 * batch size by rounding only.
 */
export async function evaluate(
  run: CompiledStep<EvaluateInput>,
  source: BatchSource,
  size: number = EVAL_BATCH,
): Promise<Score> {
  const tally = source.task.tally();
  for await (
    const { image, index: _, ...labels } of batches(source, inOrder(source.split.size), size)
  ) {
    tally.add(await run({ image, ...labels }), labels);
  }
  return tally.result();
}
