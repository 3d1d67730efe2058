import { stream } from "../../lib/values/random.ts";
import type { Image } from "./image.ts";
import { filters, resample } from "./resample.ts";

/** The least and the largest. */
export type NumberRange = readonly [least: number, largest: number];

/**
 * How an image of any size becomes `size` × `size` pixels; scaling is bilinear, antialiased where
 * it shrinks.
 */
export type Cut = SquareCut | CentreCut | RandomCut;

/** The central square, scaled. */
export interface SquareCut {
  /** Which cut this is. */
  readonly kind: "square";
  /** Height and width in pixels. */
  readonly size: number;
}

/** What a `SquareCut` does, in words. */
export const SQUARE = "cut to the central square, then scaled (bilinear, with antialiasing)";

/**
 * The middle of the image after its shorter side was scaled to `shorter` pixels, which are `size`
 * or more.
 */
export interface CentreCut {
  /** Which cut this is. */
  readonly kind: "centre";
  /** Height and width in pixels. */
  readonly size: number;
  /** Pixels of the shorter side before the cut. */
  readonly shorter: number;
}

/** A part of the image drawn at random, scaled: torchvision's `RandomResizedCrop`. */
export interface RandomCut {
  /** Which cut this is. */
  readonly kind: "random";
  /** Height and width in pixels. */
  readonly size: number;
  /** The part's share of the image's area, uniform between these. */
  readonly area: NumberRange;
  /** The part's width by its height, its logarithm uniform between theirs. */
  readonly ratio: NumberRange;
  /** The seed of the random numbers. */
  readonly seed: number;
  /** The name of their stream. */
  readonly stream: string;
}

/** The pixels of an image that is cut in this way: size × size × 3 bytes. */
export function cutOut(image: Image, cut: Cut): Uint8Array {
  if (cut.kind === "square") return square(image, cut.size);
  if (cut.kind === "centre") return centre(image, cut);
  const { left, top, width, height } = part(image, cut);
  return resample(image, filters(width, cut.size, left), filters(height, cut.size, top));
}

/** An image that is a square of this size already is left as it is. */
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
 * Half of a whole number, rounded to the even one of two that are as near: Python's `round`, which
 * torchvision uses.
 */
const half = (n: number): number => (n >> 1) + (n % 4 === 3 ? 1 : 0);

/** After ten draws that do not fit: the largest central part with a ratio that is allowed. */
function part(image: Image, { area, ratio, seed, stream: name }: RandomCut) {
  const random = stream(seed, name);
  const between = ([least, largest]: NumberRange) => least + (largest - least) * random.uniform();
  for (let draw = 0; draw < 10; draw++) {
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
