import type { Split } from "./dataset.ts";
import type { Runnable } from "./engine.ts";
import { BATCH } from "./evaluate.ts";

/** How long a network takes. */
export interface Latency {
  /** Milliseconds from an image to its scores, over 100 runs. */
  readonly batch1: { readonly median_ms: number; readonly p95_ms: number };
  /** Images per second in batches of 250, the median of 5 runs. */
  readonly batch250: { readonly images_per_second: number };
}

/** Times a network on the first images of a split, of this height, width and channels, after warming up; `now` gives milliseconds. */
export async function latency(
  run: Runnable<"image">,
  split: Split,
  image: readonly number[],
  now: () => number = () => performance.now(),
): Promise<Latency> {
  const times = async (size: number, warmUp: number, count: number): Promise<number[]> => {
    const first = Uint32Array.from({ length: size }, (_, i) => i % split.size);
    const batch = { image: { shape: [size, ...image], data: await split.read(first) } };
    for (let i = 0; i < warmUp; i++) await run(batch);
    const taken: number[] = [];
    while (taken.length < count) {
      const begun = now();
      await run(batch);
      taken.push(now() - begun);
    }
    return taken;
  };
  const single = await times(1, 10, 100), many = await times(BATCH, 1, 5);
  return {
    batch1: { median_ms: quantile(single, 0.5), p95_ms: quantile(single, 0.95) },
    batch250: { images_per_second: 1000 * BATCH / quantile(many, 0.5) },
  };
}

/** The least of these numbers that a share of them does not exceed. */
function quantile(numbers: readonly number[], share: number): number {
  return [...numbers].sort((a, b) => a - b)[Math.ceil(share * numbers.length) - 1];
}
