import { atLeast, between, checkRanges, whole } from "../values/range.ts";
import type { Stream } from "../values/random.ts";
import type { ByteImage } from "./bytes/byte_image.ts";
import { applyLikely, type ImageOpName } from "./bytes/image_ops.ts";
import type { WarpFilter, WarpOptions } from "./bytes/warp.ts";

/** Options of `randAugment`. */
export interface RandAugmentOptions {
  /** The number of ops that are drawn for each image. Default: 2. */
  readonly n?: number;
  /** The mean strength of an op, 0 … 10. Default: 9. */
  readonly magnitude?: number;
  /** The standard deviation of the strength, which each op of an image draws. Default: 0.5. */
  readonly deviation?: number;
  /**
   * Whether a larger magnitude makes every op stronger. Otherwise it means fewer inverted values to
   * `solarize`, more bits to `posterize`, and a factor from 0.1 to 1.9 to blends. Default: true.
   */
  readonly increasing?: boolean;
  /** The probability that an op that was drawn is applied. Default: ½. */
  readonly probability?: number;
  /** How values between pixels are found when an image is warped. Default: `bicubic`. */
  readonly interpolation?: WarpFilter;
}

/** RandAugment with its options. */
export type RandAugment = { readonly id: "randAugment" } & Readonly<Required<RandAugmentOptions>>;

/**
 * RandAugment: Practical Automated Data Augmentation with a Reduced Search Space. Cubuk et al.,
 * 2020. CVPR Workshops. `n` ops are drawn with replacement, each with its own strength and
 * direction. As in timm; the defaults are DeiT's, `rand-m9-mstd0.5-inc1`. Warped images end in the
 * data set's mean colour. timm has no colour jitter beside it.
 *
 * @example
 * ```ts
 * import { randAugment } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * export const dataset = cifar100({ policy: randAugment({ magnitude: 7 }) });
 * ```
 */
export function randAugment(
  {
    n = 2,
    magnitude = 9,
    deviation = 0.5,
    increasing = true,
    probability = 0.5,
    interpolation = "bicubic",
  }: RandAugmentOptions = {},
): RandAugment {
  const options = { n, magnitude, deviation, increasing, probability, interpolation };
  return {
    id: "randAugment",
    ...checkRanges("randAugment", options, {
      n: whole(),
      magnitude: between(0, 10),
      deviation: atLeast(0),
      probability: between(),
    }),
  };
}

/** The ops that RandAugment draws from. */
export function randAugmentOps(increasing: boolean): readonly ImageOpName[] {
  return increasing ? INCREASING : PLAIN;
}

const INCREASING = [
  "autoContrast",
  "equalize",
  "invert",
  "rotate",
  "posterizeIncreasing",
  "solarizeIncreasing",
  "solarizeAdd",
  "colorIncreasing",
  "contrastIncreasing",
  "brightnessIncreasing",
  "sharpnessIncreasing",
  "shearX",
  "shearY",
  "translateXRel",
  "translateYRel",
] as const satisfies readonly ImageOpName[];

const PLAIN = [
  "autoContrast",
  "equalize",
  "invert",
  "rotate",
  "posterize",
  "solarize",
  "solarizeAdd",
  "color",
  "contrast",
  "brightness",
  "sharpness",
  "shearX",
  "shearY",
  "translateXRel",
  "translateYRel",
] as const satisfies readonly ImageOpName[];

/** Applies RandAugment to an image. */
export function applyRandAugment(
  image: ByteImage,
  { n, magnitude, deviation, increasing, probability }: RandAugment,
  warp: WarpOptions,
  random: Stream,
): ByteImage {
  const names = randAugmentOps(increasing);
  let changed = image;
  for (let i = 0; i < n; i++) {
    const name = names[random.below(names.length)];
    changed = applyLikely(changed, { name, probability, magnitude, deviation }, warp, random);
  }
  return changed;
}
