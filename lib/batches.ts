import type { Draw, Split } from "./dataset.ts";
import type { Inputs } from "./input.ts";

/** A batch on its way into a step. */
export type Batch = Inputs<"image" | "label" | "index">;

/**
 * The images of a split in this order, `size` at a time, the last batch taking what is left, read as `draw` says.
 * The next batch is read while the caller works on the present one.
 */
export async function* batches(
  split: Split,
  order: Uint32Array,
  size: number,
  image: readonly number[],
  draw?: Draw,
): AsyncGenerator<Batch> {
  const read = async (start: number): Promise<Batch | undefined> => {
    if (start >= order.length) return undefined;
    const index = Int32Array.from(order.subarray(start, start + size)), n = index.length;
    const data = await split.read(index, draw);
    const label = index.map((i) => split.labels[i]);
    return {
      image: { shape: [n, ...image], data },
      label: { shape: [n], data: label },
      index: { shape: [n], data: index },
    };
  };
  let next = read(0);
  for (let start = size;; start += size) {
    const batch = await next;
    if (!batch) return;
    next = read(start);
    // Whoever stops early never awaits it, and its failure would then end the process.
    next.catch(() => {});
    yield batch;
  }
}

/** The numbers 0 … size − 1 in order. */
export function inOrder(size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, i) => i);
}
