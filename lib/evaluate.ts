import { batches, inOrder } from "./batches.ts";
import type { Split } from "./dataset.ts";
import type { Runnable } from "./engine.ts";
import type { EvaluateInput } from "./step.ts";
import type { Score } from "./tasks/task.ts";

/** Images in a batch of an evaluation. */
export const BATCH = 250;

/** Runs an evaluation step over a whole split. */
export async function evaluate(
  run: Runnable<EvaluateInput>,
  split: Split,
  image: readonly number[],
): Promise<Score> {
  const sums: Record<string, number> = {};
  for await (const { image: images, label } of batches(split, inOrder(split.size), BATCH, image)) {
    for (const [name, value] of Object.entries(await run({ image: images, label }))) {
      sums[name] = (sums[name] ?? 0) + value[0];
    }
  }
  const { top1, top5, kl } = sums, percent = (count: number) => 100 * count / split.size;
  return { top1: percent(top1), top5: percent(top5), ...(kl === undefined ? {} : { kl: kl / split.size }) };
}
