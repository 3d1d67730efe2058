import { stream } from "../../lib/values/random.ts";
import type { ByteImage } from "../../lib/data/bytes/byte_image.ts";
import type { LazyImage } from "./formats/rgb_image.ts";
import { filters, type Interpolation, kernels, resample, rigidBilinear } from "./resample.ts";

/** A range with its ends. */
export type NumberRange = readonly [least: number, largest: number];

/** A way to make pixels of an image of any size. Scaling is antialiased if it shrinks. */
export type Cut = SquareCut | CentreCut | RandomCut | PaddedCut;

/** The whole image, scaled, on a canvas that is 0 on the right of it and below. */
export interface PaddedCut {
  readonly kind: "padded";
  /** Height and width that the file has to have. */
  readonly from: readonly [height: number, width: number];
  /** Height and width of the scaled image. */
  readonly to: readonly [height: number, width: number];
  /** Height and width of the canvas. */
  readonly canvas: readonly [height: number, width: number];
  /** Whether the image is mirrored. */
  readonly flip: boolean;
  /** Whether scaling is antialiased: as Pillow's `BILINEAR`, else as PyTorch's `interpolate`. */
  readonly isAntialiased: boolean;
}

/** What the cuts to `size` × `size` pixels have. */
export interface Scaled {
  /** Height and width in pixels. */
  readonly size: number;
  /** How values between pixels are found. Default: `bilinear`. */
  readonly interpolation?: Interpolation;
}

/** The central square, scaled. */
export interface SquareCut extends Scaled {
  readonly kind: "square";
}

/** The description of a `SquareCut` in words. */
export function describeSquare(interpolation: Interpolation = "bilinear"): string {
  return `cut to the central square, then scaled (${interpolation}, with antialiasing)`;
}

/**
 * The centre of the image after its shorter side was scaled to `shorter` pixels, `size` or more.
 */
export interface CentreCut extends Scaled {
  readonly kind: "centre";
  /** Pixels of the shorter side before the cut. */
  readonly shorter: number;
}

/** A random part of the image, scaled: torchvision's `RandomResizedCrop`. */
export interface RandomCut extends Scaled {
  readonly kind: "random";
  /** The range of the part's share of the image's area, uniform. */
  readonly area: NumberRange;
  /** The range of the part's width divided by its height, log-uniform. */
  readonly ratio: NumberRange;
  /** The seed of the random numbers. */
  readonly seed: number;
  /** The name of the stream of random numbers. */
  readonly stream: string;
}

/**
 * Cuts an image. Returns height × width × 3 bytes. Throws an Error if it has not the sides that a
 * `PaddedCut` expects.
 */
export function cutOut(image: ByteImage | LazyImage, cut: Cut): Uint8Array {
  if (cut.kind === "padded") return pad(image, cut);
  if (cut.kind === "square") return square(image, cut);
  if (cut.kind === "centre") return centre(image, cut);
  const { left, top, width, height } = randomPart(image, cut);
  const kernel = kernelOf(cut);
  const columns = filters(width, cut.size, left, kernel);
  return resample(image, columns, filters(height, cut.size, top, kernel));
}

const kernelOf = ({ interpolation = "bilinear" }: Scaled) => kernels[interpolation];

function square(image: ByteImage | LazyImage, cut: SquareCut): Uint8Array {
  const { size } = cut;
  const { width, height } = image;
  const side = Math.min(width, height);
  if (width === size && height === size && "data" in image) return image.data;
  const kernel = kernelOf(cut);
  const [columns, rows] = [width, height].map((length) =>
    filters(side, size, (length - side) >> 1, kernel)
  );
  return resample(image, columns, rows);
}

function centre(image: ByteImage | LazyImage, cut: CentreCut): Uint8Array {
  const { size, shorter } = cut;
  const kernel = kernelOf(cut);
  const { width, height } = image;
  const least = Math.min(width, height);
  const [columns, rows] = [width, height].map((length) => {
    const scaled = Math.floor(shorter * length / least);
    const start = half(scaled - size);
    return filters(length, scaled, 0, kernel, [start, start + size]);
  });
  return resample(image, columns, rows);
}

function pad(
  image: ByteImage | LazyImage,
  { from, to, canvas, flip, isAntialiased }: PaddedCut,
): Uint8Array {
  if (image.height !== from[0] || image.width !== from[1]) {
    const isTurned = image.height === from[1] && image.width === from[0];
    const hint = isTurned ? "; its EXIF orientation may turn it: save it upright" : "";
    throw new Error(
      `it has ${image.width} × ${image.height} pixels, not ${from[1]} × ${from[0]}${hint}`,
    );
  }
  const kernel = isAntialiased ? kernels.bilinear : rigidBilinear;
  const [rows, columns] = to.map((side, i) => filters(from[i], side, 0, kernel));
  const scaled = resample(image, columns, rows);
  const line = 3 * to[1];
  const padded = new Uint8Array(canvas[0] * canvas[1] * 3);
  for (let y = 0; y < to[0]; y++) {
    const row = scaled.subarray(y * line, (y + 1) * line);
    if (flip) mirror(row);
    padded.set(row, y * canvas[1] * 3);
  }
  return padded;
}

/** Mirrors a row of pixels in place. */
function mirror(row: Uint8Array): void {
  row.reverse();
  for (let at = 0; at < row.length; at += 3) row.subarray(at, at + 3).reverse();
}

/**
 * Half of a whole number, rounded half to even, as Python's `round` does, which torchvision uses.
 */
const half = (n: number): number => (n >> 1) + (n % 4 === 3 ? 1 : 0);

/**
 * A random part that fits the image. After ten misses it is the largest central part whose ratio is
 * in the range.
 */
function randomPart(image: ByteImage | LazyImage, { area, ratio, seed, stream: name }: RandomCut) {
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
