import { between, checkRanges, whole } from "../values/range.ts";
import type { Stream } from "../values/random.ts";
import { brightness, color, contrast, sharpness } from "./bytes/blends.ts";
import type { ByteColour, ByteImage } from "./bytes/byte_image.ts";
import type { ImageOp } from "./bytes/image_ops.ts";
import { autoContrast, equalize, posterize, solarize } from "./bytes/tones.ts";
import { rotate, shearX, shearY, translateX, translateY, type WarpOptions } from "./bytes/warp.ts";

/** Options of `fixMatchAugment`. */
export interface FixMatchAugmentOptions {
  /** The number of ops that are drawn for each image. Default: 2. */
  readonly n?: number;
  /** The largest side of the grey square, a share of the image's width. Default: ½. */
  readonly cutout?: number;
}

/** FixMatch's augmentation with its options. */
export type FixMatchAugment =
  & { readonly id: "fixMatchAugment" }
  & Readonly<Required<FixMatchAugmentOptions>>;

/**
 * RandAugment as FixMatch has it (Sohn et al., 2020. NeurIPS), which MLKD's authors released as
 * their strong view: `n` ops drawn with replacement from 14, each always applied, with a strength
 * that is uniform in the op's own range, and then a grey square of random side, its centre
 * anywhere. Warping takes the nearest pixel, and black from outside of the image.
 */
export function fixMatchAugment(
  { n = 2, cutout = 0.5 }: FixMatchAugmentOptions = {},
): FixMatchAugment {
  return {
    id: "fixMatchAugment",
    ...checkRanges("fixMatchAugment", { n, cutout }, { n: whole(), cutout: between() }),
  };
}

/** The ops, each with the range of its amount. */
const OPS: readonly (readonly [apply: ImageOp["apply"], least: number, most: number])[] = [
  [autoContrast, 0, 1],
  [brightness, 0.05, 0.95],
  [color, 0.05, 0.95],
  [contrast, 0.05, 0.95],
  [equalize, 0, 1],
  [(image) => image, 0, 1],
  [(image, bits) => posterize(image, Math.trunc(bits)), 4, 8],
  [rotate, -30, 30],
  [sharpness, 0.05, 0.95],
  [shearX, -0.3, 0.3],
  [shearY, -0.3, 0.3],
  [solarize, 0, 256],
  [translateX, -0.3, 0.3],
  [translateY, -0.3, 0.3],
];

const WARP: WarpOptions = { filter: "nearest", fill: [0, 0, 0] };

/** The colour of the square: the mean of CIFAR-10, as released. */
const SQUARE_COLOUR: ByteColour = [125, 123, 114];

/** Applies FixMatch's augmentation to an image. */
export function applyFixMatchAugment(
  image: ByteImage,
  { n, cutout }: FixMatchAugment,
  random: Stream,
): ByteImage {
  let changed = image;
  for (let i = 0; i < n; i++) {
    const [apply, least, most] = OPS[random.below(OPS.length)];
    changed = apply(changed, least + (most - least) * random.uniform(), WARP);
  }
  return cutSquare(changed, cutout * random.uniform() * image.width, random);
}

/** Fills a square of this side, its ends included as Pillow draws it, inside the image. */
function cutSquare(image: ByteImage, side: number, random: Stream): ByteImage {
  const { width, height } = image;
  if (side === 0) return image;
  const range = (length: number) => {
    const from = Math.trunc(Math.max(0, length * random.uniform() - side / 2));
    return [from, Math.min(length - 1, Math.trunc(from + side))];
  };
  const [left, right] = range(width);
  const [top, bottom] = range(height);
  const data = image.data.slice();
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) data.set(SQUARE_COLOUR, (y * width + x) * 3);
  }
  return { width, height, data };
}
