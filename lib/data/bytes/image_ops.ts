/**
 * The ops of RandAugment and AutoAugment, and what a magnitude means to each, as timm has them.
 *
 * @module
 */
import type { Stream } from "../../values/random.ts";
import { brightness, color, contrast, sharpness } from "./blends.ts";
import type { ByteImage } from "./byte_image.ts";
import { autoContrast, equalize, invert, posterize, solarize, solarizeAdd } from "./tones.ts";
import { rotate, shearX, shearY, translateX, translateY, type WarpOptions } from "./warp.ts";

/** A change of an image whose strength is a magnitude, 0 … 10. */
export interface ImageOp {
  /** Changes an image by an amount that `amount` gives. */
  readonly apply: (image: ByteImage, amount: number, warp: WarpOptions) => ByteImage;
  /**
   * The amount of a magnitude. An op that goes both ways gives another one if it `isNegative`. 0 if
   * the op has no amount.
   */
  readonly amount: (magnitude: number, isNegative: boolean) => number;
}

/** An op with one amount for a magnitude. */
function oneWay(apply: ImageOp["apply"], amount: (share: number) => number): ImageOp {
  return { apply, amount: (magnitude) => amount(magnitude / 10) };
}

/** An op whose amount is to both sides of 0. */
function bothWays(apply: ImageOp["apply"], most: number): ImageOp {
  return {
    apply,
    amount: (magnitude, isNegative) => (isNegative ? -1 : 1) * (magnitude / 10 * most),
  };
}

/** A blend whose factor rises with the magnitude, from 0.1 to 1.9. */
function blend(apply: ImageOp["apply"]): ImageOp {
  return oneWay(apply, (share) => share * 1.8 + 0.1);
}

/** A blend whose factor is farther from 1 the larger the magnitude is, by up to 0.9. */
function blendBothWays(apply: ImageOp["apply"]): ImageOp {
  const away = (magnitude: number) => magnitude / 10 * 0.9;
  return {
    apply,
    amount: (magnitude, isNegative) =>
      Math.max(0.1, isNegative ? 1 - away(magnitude) : 1 + away(magnitude)),
  };
}

const none = () => 0;

/** The name of an op. Those with `Increasing` are stronger the larger the magnitude is. */
export type ImageOpName =
  | "autoContrast"
  | "equalize"
  | "invert"
  | "rotate"
  | "posterize"
  | "posterizeIncreasing"
  | "posterizeOriginal"
  | "solarize"
  | "solarizeIncreasing"
  | "solarizeAdd"
  | "color"
  | "colorIncreasing"
  | "contrast"
  | "contrastIncreasing"
  | "brightness"
  | "brightnessIncreasing"
  | "sharpness"
  | "sharpnessIncreasing"
  | "shearX"
  | "shearY"
  | "translateXRel"
  | "translateYRel";

/** The ops by name. */
export const imageOps: Readonly<Record<ImageOpName, ImageOp>> = {
  autoContrast: oneWay(autoContrast, none),
  equalize: oneWay(equalize, none),
  invert: oneWay(invert, none),
  rotate: bothWays(rotate, 30),
  posterize: oneWay(posterize, (share) => Math.trunc(share * 4)),
  posterizeIncreasing: oneWay(posterize, (share) => 4 - Math.trunc(share * 4)),
  posterizeOriginal: oneWay(posterize, (share) => Math.trunc(share * 4) + 4),
  solarize: oneWay(solarize, (share) => Math.min(256, Math.trunc(share * 256))),
  solarizeIncreasing: oneWay(solarize, (share) => 256 - Math.min(256, Math.trunc(share * 256))),
  solarizeAdd: oneWay(solarizeAdd, (share) => Math.min(128, Math.trunc(share * 110))),
  color: blend(color),
  colorIncreasing: blendBothWays(color),
  contrast: blend(contrast),
  contrastIncreasing: blendBothWays(contrast),
  brightness: blend(brightness),
  brightnessIncreasing: blendBothWays(brightness),
  sharpness: blend(sharpness),
  sharpnessIncreasing: blendBothWays(sharpness),
  shearX: bothWays(shearX, 0.3),
  shearY: bothWays(shearY, 0.3),
  translateXRel: bothWays(translateX, 0.45),
  translateYRel: bothWays(translateY, 0.45),
};

/** An op as a policy has it. */
export interface LikelyOp {
  readonly name: ImageOpName;
  /** The probability that it is applied. */
  readonly probability: number;
  /** Mean and standard deviation of its magnitude. */
  readonly magnitude: number;
  readonly deviation: number;
}

/** Applies an op or not, with a magnitude and in a direction that are drawn. */
export function applyLikely(
  image: ByteImage,
  { name, probability, magnitude, deviation }: LikelyOp,
  warp: WarpOptions,
  random: Stream,
): ByteImage {
  if (random.uniform() >= probability) return image;
  const { apply, amount } = imageOps[name];
  const drawn = drawMagnitude(magnitude, deviation, random.normal);
  return apply(image, amount(drawn, random.uniform() < 0.5), warp);
}

/** The magnitude of an image's op: normal around `magnitude`, cut to 0 … 10. */
export function drawMagnitude(magnitude: number, deviation: number, normal: () => number): number {
  const drawn = deviation === 0 ? magnitude : magnitude + deviation * normal();
  return Math.min(10, Math.max(0, drawn));
}
