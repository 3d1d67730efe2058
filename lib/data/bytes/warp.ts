/**
 * Shears, shifts and turns of an image within its size: Pillow's affine transforms, bit for bit.
 *
 * @module
 */
import type { ByteColour, ByteImage } from "./byte_image.ts";

/**
 * How a value between pixels is found. Bicubic has a = −1 here, as Pillow's transforms; the bicubic
 * of Pillow's `resize` has a = −½.
 */
export type WarpFilter = "nearest" | "bilinear" | "bicubic";

/** How an image is warped. */
export interface WarpOptions {
  /** The colour where the warped image ends. */
  readonly fill: ByteColour;
  /** How a value between pixels is found. */
  readonly filter: WarpFilter;
}

/** Shifts each row by `factor` times its distance from the top. */
export function shearX(image: ByteImage, factor: number, options: WarpOptions): ByteImage {
  return warp(image, [1, factor, 0, 0, 1, 0], options);
}

/** Shifts each column by `factor` times its distance from the left. */
export function shearY(image: ByteImage, factor: number, options: WarpOptions): ByteImage {
  return warp(image, [1, 0, 0, factor, 1, 0], options);
}

/** Shifts the image to the left by a share of its width. */
export function translateX(image: ByteImage, share: number, options: WarpOptions): ByteImage {
  return warp(image, [1, 0, share * image.width, 0, 1, 0], options);
}

/** Shifts the image upwards by a share of its height. */
export function translateY(image: ByteImage, share: number, options: WarpOptions): ByteImage {
  return warp(image, [1, 0, 0, 0, 1, share * image.height], options);
}

/** Turns the image about its middle, counter-clockwise. */
export function rotate(image: ByteImage, degrees: number, options: WarpOptions): ByteImage {
  const turn = (degrees % 360 + 360) % 360;
  if (turn === 0) return image;
  // Pillow rounds both to 15 digits.
  const [cos, sin] = [Math.cos, Math.sin].map((of) => +of(-turn * Math.PI / 180).toFixed(15));
  const [x, y] = [image.width / 2, image.height / 2];
  return warp(
    image,
    [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y],
    options,
  );
}

/** Where a pixel (x, y) of the result looks in the image: (a x + b y + c, d x + e y + f). */
type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

function warp(image: ByteImage, affine: Affine, { fill, filter }: WarpOptions): ByteImage {
  const { width, height } = image;
  const out = new Uint8Array(image.data.length);
  for (let i = 0; i < out.length; i += 3) {
    for (let c = 0; c < 3; c++) out[i + c] = fill[c];
  }
  const pick = filter === "nearest" ? pickNearest : filter === "bilinear" ? pickLinear : pickCubic;
  const places = filter === "nearest" ? nearestPlaces(affine) : exactPlaces(affine);
  const { affine: [a, b, c, d, e, f], middle, unit } = places;
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const u = (a * (x + middle) + b * (y + middle) + c) * unit;
      const v = (d * (x + middle) + e * (y + middle) + f) * unit;
      if (u >= 0 && u < width && v >= 0 && v < height) pick(image, u, v, out, to);
    }
  }
  return { width, height, data: out };
}

/** The places at which pixels of the result look: `affine` of (x + middle, y + middle), in units. */
interface Places {
  readonly affine: Affine;
  readonly middle: number;
  readonly unit: number;
}

function exactPlaces(affine: Affine): Places {
  return { affine, middle: 0.5, unit: 1 };
}

/** Pillow's places of nearest neighbours: in 1/65536 of a pixel unless it is a mere shift. */
function nearestPlaces(affine: Affine): Places {
  const [a, b, c, d, e, f] = affine;
  if (b === 0 && d === 0) return exactPlaces(affine);
  const fixed = (value: number) => Math.floor(value * 65536 + 0.5);
  const columns = [fixed(a), fixed(b), fixed(c + a * 0.5 + b * 0.5)] as const;
  const rows = [fixed(d), fixed(e), fixed(f + d * 0.5 + e * 0.5)] as const;
  return { affine: [...columns, ...rows], middle: 0, unit: 1 / 65536 };
}

/** Writes the pixel of the image at (u, v) to `out`, from `to` on. */
type Pick = (image: ByteImage, u: number, v: number, out: Uint8Array, to: number) => void;

const pickNearest: Pick = ({ width, data }, u, v, out, to) => {
  const from = (Math.floor(v) * width + Math.floor(u)) * 3;
  out[to] = data[from];
  out[to + 1] = data[from + 1];
  out[to + 2] = data[from + 2];
};

const pickLinear: Pick = ({ width, height, data }, u, v, out, to) => {
  const x = Math.floor(u - 0.5);
  const y = Math.floor(v - 0.5);
  const across = u - 0.5 - x;
  const down = v - 0.5 - y;
  const left = clip(x, width) * 3;
  const right = clip(x + 1, width) * 3;
  const upper = clip(y, height) * width * 3;
  const lower = clip(y + 1, height) * width * 3;
  for (let c = 0; c < 3; c++) {
    const above = linear(data[upper + left + c], data[upper + right + c], across);
    const below = linear(data[lower + left + c], data[lower + right + c], across);
    out[to + c] = linear(above, below, down);
  }
};

const pickCubic: Pick = ({ width, height, data }, u, v, out, to) => {
  const x = Math.floor(u - 0.5);
  const y = Math.floor(v - 0.5);
  const across = u - 0.5 - x;
  const down = v - 0.5 - y;
  const x0 = clip(x - 1, width) * 3;
  const x1 = clip(x, width) * 3;
  const x2 = clip(x + 1, width) * 3;
  const x3 = clip(x + 2, width) * 3;
  const y0 = clip(y - 1, height) * width * 3;
  const y1 = clip(y, height) * width * 3;
  const y2 = clip(y + 1, height) * width * 3;
  const y3 = clip(y + 2, height) * width * 3;
  for (let c = 0; c < 3; c++) {
    const row = (y: number) =>
      cubic(data[y + x0 + c], data[y + x1 + c], data[y + x2 + c], data[y + x3 + c], across);
    // On a row itself the others count nothing.
    const value = down === 0 ? row(y1) : cubic(row(y0), row(y1), row(y2), row(y3), down);
    out[to + c] = value <= 0 ? 0 : value >= 255 ? 255 : value;
  }
};

/** The nearest of 0 … length − 1. */
function clip(at: number, length: number): number {
  return at < 0 ? 0 : at < length ? at : length - 1;
}

/** The value at `t` between two, 0 … 1. */
function linear(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** The value at `t` between the second and the third of four. */
function cubic(a: number, b: number, c: number, d: number, t: number): number {
  return b + t * (c - a + t * (2 * (a - b) + c - d + t * (b - a - c + d)));
}
