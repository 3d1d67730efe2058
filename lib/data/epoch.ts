import type { Split } from "./dataset.ts";

/** An epoch of repeated images has a multiple of this many. */
const MULTIPLE = 256;

/**
 * The number of images that an epoch shows: all, or with `repeats` as many in a multiple of 256, as
 * DeiT does. A split of fewer than 256 shows as many as it has.
 */
export function epochSize({ size, repeats }: Pick<Split, "size" | "repeats">): number {
  return repeats === undefined || size < MULTIPLE ? size : size - size % MULTIPLE;
}

/**
 * The images at these places of an epoch, and how often it showed each before. The epoch shows the
 * images in the order of `shuffled`, each `repeats` times in a row: repeated augmentation (Hoffer
 * et al., 2020. CVPR), as DeiT has it.
 */
export function shownAt(
  places: Uint32Array,
  shuffled: Uint32Array,
  repeats: number = 1,
): { readonly order: Uint32Array; readonly repeats: Uint32Array } {
  return {
    order: places.map((place) => shuffled[Math.floor(place / repeats)]),
    repeats: places.map((place) => place % repeats),
  };
}
