import { stream } from "../../lib/values/random.ts";
import type { Image } from "./formats/rgb_image.ts";
import { filters, resample } from "./resample.ts";

/** A range with its ends. */
export type NumberRange = readonly [least: number, largest: number];

/**
 * A way to make `size` × `size` pixels of an image of any size. Scaling is bilinear, antialiased if
 * it shrinks.
 */
export type Cut = SquareCut | CentreCut | RandomCut;

/** The central square, scaled. */
export interface SquareCut {
  readonly kind: "square";
  /** Height and width in pixels. */
  readonly size: number;
}

/** The description of a `SquareCut` in words. */
export const SQUARE = "cut to the central square, then scaled (bilinear, with antialiasing)";

/**
 * The centre of the image after its shorter side was scaled to `shorter` pixels, `size` or more.
 */
export interface CentreCut {
  readonly kind: "centre";
  /** Height and width in pixels. */
  readonly size: number;
  /** Pixels of the shorter side before the cut. */
  readonly shorter: number;
}

/** A random part of the image, scaled: torchvision's `RandomResizedCrop`. */
export interface RandomCut {
  readonly kind: "random";
  /** Height and width in pixels. */
  readonly size: number;
  /** The range of the part's share of the image's area, uniform. */
  readonly area: NumberRange;
  /** The range of the part's width divided by its height, log-uniform. */
  readonly ratio: NumberRange;
  /** The seed of the random numbers. */
  readonly seed: number;
  /** The name of the stream of random numbers. */
  readonly stream: string;
}

/** Cuts an image. Returns size × size × 3 bytes. */
export function cutOut(image: Image, cut: Cut): Uint8Array {
  if (cut.kind === "square") return square(image, cut.size);
  if (cut.kind === "centre") return centre(image, cut);
  const { left, top, width, height } = randomPart(image, cut);
  return resample(image, filters(width, cut.size, left), filters(height, cut.size, top));
}

function square(image: Image, size: number): Uint8Array {
  const { width, height, data } = image;
  const side = Math.min(width, height);
  if (width === size && height === size) return data;
  const [columns, rows] = [width, height].map((length) =>
    filters(side, size, (length - side) >> 1)
  );
  return resample(image, columns, rows);
}

function centre(image: Image, { size, shorter }: CentreCut): Uint8Array {
  const { width, height } = image;
  const least = Math.min(width, height);
  const [columns, rows] = [width, height].map((length) => {
    const scaled = Math.floor(shorter * length / least);
    const start = half(scaled - size);
    return filters(length, scaled).slice(start, start + size);
  });
  return resample(image, columns, rows);
}

/**
 * Half of a whole number, rounded half to even, as Python's `round` does, which torchvision uses.
 */
const half = (n: number): number => (n >> 1) + (n % 4 === 3 ? 1 : 0);

/**
 * A random part that fits the image. After ten misses it is the largest central part whose ratio is
 * in the range.
 */
function randomPart(image: Image, { area, ratio, seed, stream: name }: RandomCut) {
  const random = stream(seed, name);
  const between = ([least, largest]: NumberRange) => least + (largest - least) * random.uniform();
  for (let attempt = 0; attempt < 10; attempt++) {
    const pixels = image.width * image.height * between(area);
    const aspect = Math.exp(between([Math.log(ratio[0]), Math.log(ratio[1])]));
    const width = Math.round(Math.sqrt(pixels * aspect));
    const height = Math.round(Math.sqrt(pixels / aspect));
    if (width > 0 && height > 0 && width <= image.width && height <= image.height) {
      const left = random.below(image.width - width + 1);
      const top = random.below(image.height - height + 1);
      return { left, top, width, height };
    }
  }
  const width = Math.max(1, Math.min(image.width, Math.round(image.height * ratio[1])));
  const height = Math.max(1, Math.min(image.height, Math.round(image.width / ratio[0])));
  return { left: (image.width - width) >> 1, top: (image.height - height) >> 1, width, height };
}
