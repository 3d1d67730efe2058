import { atLeast, checkRanges } from "../values/range.ts";
import type { Stream } from "../values/random.ts";
import type { ByteImage } from "./bytes/byte_image.ts";
import { applyLikely, type ImageOpName } from "./bytes/image_ops.ts";
import type { WarpFilter, WarpOptions } from "./bytes/warp.ts";

/** Options of `autoAugment`. */
export interface AutoAugmentOptions {
  /**
   * The pairs of ops: those that the paper found on ImageNet (`original`), or those that
   * EfficientNet was trained with (`v0`). Default: `original`.
   */
  readonly pairs?: AutoAugmentPairs;
  /** The standard deviation of the strength of each op. Default: 0. */
  readonly deviation?: number;
  /** How values between pixels are found when an image is warped. Default: `bicubic`. */
  readonly interpolation?: WarpFilter;
}

/** AutoAugment with its options. */
export type AutoAugment = { readonly id: "autoAugment" } & Readonly<Required<AutoAugmentOptions>>;

/**
 * AutoAugment: Learning Augmentation Policies from Data. Cubuk et al., 2019. CVPR. One of 25 pairs
 * of ops is drawn for each image, and each of the two is applied with its own probability, in a
 * direction that is drawn. As in timm. Pixels from outside of a warped image get the data set's
 * mean colour.
 */
export function autoAugment(
  { pairs = "original", deviation = 0, interpolation = "bicubic" }: AutoAugmentOptions = {},
): AutoAugment {
  return {
    id: "autoAugment",
    ...checkRanges("autoAugment", { pairs, deviation, interpolation }, { deviation: atLeast(0) }),
  };
}

/** An op with the probability that it is applied, and its magnitude. */
type PairedOp = readonly [name: ImageOpName, probability: number, magnitude: number];

/** The pairs of each policy. */
export const autoAugmentPairs = {
  original: [
    [["posterizeOriginal", 0.4, 8], ["rotate", 0.6, 9]],
    [["solarize", 0.6, 5], ["autoContrast", 0.6, 5]],
    [["equalize", 0.8, 8], ["equalize", 0.6, 3]],
    [["posterizeOriginal", 0.6, 7], ["posterizeOriginal", 0.6, 6]],
    [["equalize", 0.4, 7], ["solarize", 0.2, 4]],
    [["equalize", 0.4, 4], ["rotate", 0.8, 8]],
    [["solarize", 0.6, 3], ["equalize", 0.6, 7]],
    [["posterizeOriginal", 0.8, 5], ["equalize", 1, 2]],
    [["rotate", 0.2, 3], ["solarize", 0.6, 8]],
    [["equalize", 0.6, 8], ["posterizeOriginal", 0.4, 6]],
    [["rotate", 0.8, 8], ["color", 0.4, 0]],
    [["rotate", 0.4, 9], ["equalize", 0.6, 2]],
    [["equalize", 0, 7], ["equalize", 0.8, 8]],
    [["invert", 0.6, 4], ["equalize", 1, 8]],
    [["color", 0.6, 4], ["contrast", 1, 8]],
    [["rotate", 0.8, 8], ["color", 1, 2]],
    [["color", 0.8, 8], ["solarize", 0.8, 7]],
    [["sharpness", 0.4, 7], ["invert", 0.6, 8]],
    [["shearX", 0.6, 5], ["equalize", 1, 9]],
    [["color", 0.4, 0], ["equalize", 0.6, 3]],
    [["equalize", 0.4, 7], ["solarize", 0.2, 4]],
    [["solarize", 0.6, 5], ["autoContrast", 0.6, 5]],
    [["invert", 0.6, 4], ["equalize", 1, 8]],
    [["color", 0.6, 4], ["contrast", 1, 8]],
    [["equalize", 0.8, 8], ["equalize", 0.6, 3]],
  ],
  v0: [
    [["equalize", 0.8, 1], ["shearY", 0.8, 4]],
    [["color", 0.4, 9], ["equalize", 0.6, 3]],
    [["color", 0.4, 1], ["rotate", 0.6, 8]],
    [["solarize", 0.8, 3], ["equalize", 0.4, 7]],
    [["solarize", 0.4, 2], ["solarize", 0.6, 2]],
    [["color", 0.2, 0], ["equalize", 0.8, 8]],
    [["equalize", 0.4, 8], ["solarizeAdd", 0.8, 3]],
    [["shearX", 0.2, 9], ["rotate", 0.6, 8]],
    [["color", 0.6, 1], ["equalize", 1, 2]],
    [["invert", 0.4, 9], ["rotate", 0.6, 0]],
    [["equalize", 1, 9], ["shearY", 0.6, 3]],
    [["color", 0.4, 7], ["equalize", 0.6, 0]],
    [["posterize", 0.4, 6], ["autoContrast", 0.4, 7]],
    [["solarize", 0.6, 8], ["color", 0.6, 9]],
    [["solarize", 0.2, 4], ["rotate", 0.8, 9]],
    [["rotate", 1, 7], ["translateYRel", 0.8, 9]],
    [["shearX", 0, 0], ["solarize", 0.8, 4]],
    [["shearY", 0.8, 0], ["color", 0.6, 4]],
    [["color", 1, 0], ["rotate", 0.6, 2]],
    [["equalize", 0.8, 4], ["equalize", 0, 8]],
    [["equalize", 1, 4], ["autoContrast", 0.6, 2]],
    [["shearY", 0.4, 7], ["solarizeAdd", 0.6, 7]],
    [["posterize", 0.8, 2], ["solarize", 0.6, 10]],
    [["solarize", 0.6, 8], ["equalize", 0.6, 1]],
    [["color", 0.8, 6], ["rotate", 0.4, 5]],
  ],
} as const satisfies { readonly [name: string]: readonly (readonly PairedOp[])[] };

/** The name of a policy of AutoAugment. */
export type AutoAugmentPairs = keyof typeof autoAugmentPairs;

/** Applies AutoAugment to an image. */
export function applyAutoAugment(
  image: ByteImage,
  { pairs, deviation }: AutoAugment,
  warp: WarpOptions,
  random: Stream,
): ByteImage {
  const all = autoAugmentPairs[pairs];
  let changed = image;
  for (const [name, probability, magnitude] of all[random.below(all.length)]) {
    changed = applyLikely(changed, { name, probability, magnitude, deviation }, warp, random);
  }
  return changed;
}
