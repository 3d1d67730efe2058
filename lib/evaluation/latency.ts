import type { CompiledStep } from "../engine/engine.ts";
import { type BatchSource, inOrder } from "../training/batches.ts";
import type { EvaluateInput } from "../training/evaluate_step.ts";

/** Timings of a network. */
export interface Latency {
  /** Milliseconds from one image to its scores, over 100 runs. */
  readonly batch1: { readonly median_ms: number; readonly p95_ms: number };
  /** Images per second in batches of `size`, the median of 5 runs. */
  readonly inBatches: { readonly size: number; readonly images_per_second: number };
}

/**
 * Times a network on the first images of a source after a warm-up. Of padded images it takes those
 * that have the shape of the first one. `now` returns milliseconds. Default: the machine's clock.
 */
export async function measureLatency(
  run: CompiledStep<EvaluateInput>,
  { task, split, image }: BatchSource,
  batch: number,
  now: () => number = () => performance.now(),
): Promise<Latency> {
  const { padded } = split;
  const shape = padded?.shapes[padded.shapeOf[0]] ?? image;
  const alike = inOrder(split.size).filter((i) => padded?.shapeOf[i] === padded?.shapeOf[0]);
  const times = async (size: number, warmUp: number, count: number): Promise<number[]> => {
    const first = Uint32Array.from({ length: size }, (_, i) => alike[i % alike.length]);
    const images = {
      image: { shape: [size, ...shape], data: await split.read(first) },
      ...task.readLabels(split, Int32Array.from(first)),
    };
    for (let i = 0; i < warmUp; i++) await run(images);
    const durations: number[] = [];
    while (durations.length < count) {
      const start = now();
      await run(images);
      durations.push(now() - start);
    }
    return durations;
  };
  const single = await times(1, 10, 100);
  const many = await times(batch, 1, 5);
  return {
    batch1: { median_ms: quantile(single, 0.5), p95_ms: quantile(single, 0.95) },
    inBatches: { size: batch, images_per_second: 1000 * batch / quantile(many, 0.5) },
  };
}

/** The smallest of these numbers that is not exceeded by this share of them. */
function quantile(numbers: readonly number[], share: number): number {
  return [...numbers].sort((a, b) => a - b)[Math.ceil(share * numbers.length) - 1];
}
