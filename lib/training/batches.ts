import type { Split } from "../data/dataset.ts";
import type { Draw } from "../values/draw.ts";
import type { Inputs } from "../values/input.ts";
import type { LabelName, Task } from "../tasks/task.ts";

/** A batch, as inputs of a step. */
export type Batch = Inputs<"image" | "index" | LabelName>;

/** The source of batches. */
export interface BatchSource {
  /** The task that reads the labels. */
  readonly task: Task;
  /** The split to read images from. */
  readonly split: Split;
  /** Height, width and channels of each image. */
  readonly image: readonly number[];
}

/**
 * Reads the images of a split in this order, `size` at a time, as `draw` says, whose `repeats` are
 * those of the whole order. The last batch has the rest, and a batch ends where the next image has
 * another shape. Images of several pictures have a dimension for these after the batch's. The next
 * batch is read while the caller works on the current one.
 */
export async function* batches(
  { task, split, image }: BatchSource,
  order: Uint32Array,
  size: number,
  draw?: Draw,
): AsyncGenerator<Batch> {
  const { padded } = split;
  const read = async (start: number): Promise<Batch | undefined> => {
    if (start >= order.length) return undefined;
    const shape = padded?.shapeOf[order[start]];
    const end = order.subarray(start, start + size).findIndex((index) =>
      padded?.shapeOf[index] !== shape
    );
    const index = Int32Array.from(order.subarray(start, start + (end < 0 ? size : end)));
    const n = index.length;
    const repeats = draw?.repeats?.subarray(start, start + n);
    const own = repeats ? { ...draw!, repeats } : draw;
    const data = await split.read(index, own);
    const pictures = draw && split.pictures ? [split.pictures] : [];
    return {
      ...task.readLabels(split, index, own),
      image: {
        shape: [n, ...pictures, ...shape === undefined ? image : padded!.shapes[shape]],
        data,
      },
      index: { shape: [n], data: index },
    };
  };
  let next = read(0);
  for (let start = 0;;) {
    const batch = await next;
    if (!batch) return;
    start += batch.index.data.length;
    next = read(start);
    // A caller that stops early never awaits it. Its failure would then end the process.
    next.catch(() => {});
    yield batch;
  }
}

/** The numbers 0 … size − 1 in order. */
export function inOrder(size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, i) => i);
}
