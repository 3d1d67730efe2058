import type { Split } from "./dataset.ts";
import { Failure } from "../values/failure.ts";
import { type Stream, stream } from "../values/random.ts";

/**
 * Samples `n` of the images with these labels: equally many of each class, as far as each class has
 * them, dealt round by round until there are exactly `n`. Returns their indices, sorted. The same
 * stream gives the same images. Throws a `Failure` (exit 2) unless `n` is a whole number from 0 to
 * the number of labels.
 */
export function balancedSample(labels: ArrayLike<number>, n: number, random: Stream): Uint32Array {
  if (!Number.isInteger(n) || n < 0 || n > labels.length) {
    throw new Failure(
      2,
      `cannot draw ${n} of ${labels.length} training images: \`take\` and \`holdout\` are whole numbers, at most that many`,
    );
  }
  const classes = new Map<number, number[]>();
  for (const image of random.permutation(labels.length)) {
    const images = classes.get(labels[image]);
    if (images) images.push(image);
    else classes.set(labels[image], [image]);
  }
  const indices: number[] = [];
  for (let round = 0; indices.length < n; round++) {
    for (const images of classes.values()) {
      if (round < images.length && indices.length < n) indices.push(images[round]);
    }
  }
  return Uint32Array.from(indices).sort();
}

/**
 * The numbers 0 … size − 1 that are not among `indices`, ascending. They are the training images if
 * `indices` are the hold-out.
 */
export function complementOf(size: number, indices: Iterable<number>): Uint32Array {
  const taken = new Set(indices);
  return Uint32Array.from({ length: size }, (_, i) => i).filter((i) => !taken.has(i));
}

/**
 * A split of the images of another one at these indices, in this order: its image `i` is the
 * other's image `indices[i]`.
 */
export function subset(split: Split, indices: ArrayLike<number>): Split {
  const at = Uint32Array.from(indices);
  return {
    size: at.length,
    labels: Int32Array.from(at, (i) => split.labels[i]),
    padded: split.padded && {
      shapes: split.padded.shapes,
      shapeOf: Uint8Array.from(at, (i) => split.padded!.shapeOf[i]),
      sizes: Int32Array.from(
        { length: 2 * at.length },
        (_, k) => split.padded!.sizes[2 * at[k >> 1] + k % 2],
      ),
    },
    pictures: split.pictures,
    repeats: split.repeats,
    partOf: { split, indices: at },
    read: (positions, draw) => split.read(Uint32Array.from(positions, (i) => at[i]), draw),
    source: split.source && ((position) => split.source!(at[position])),
    check: split.check && ((positions) => {
      const own = positions ? Uint32Array.from(positions, (i) => at[i]) : at;
      return split.check!(own);
    }),
  };
}

/**
 * Cuts a split down to `n` images, equally many of each class, as far as it has them. They are
 * always the same, whatever the run's seed. Throws a `Failure` (exit 2) if the split has fewer.
 */
export function cutDown(split: Split, n: number): Split {
  return subset(split, balancedSample(split.labels, n, stream(0, "take")));
}
