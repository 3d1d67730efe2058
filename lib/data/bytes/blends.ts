/**
 * Changes of an image's distance from a duller copy of it: Pillow's `ImageEnhance`, bit for bit. A
 * factor of 1 changes nothing, 0 gives the copy, more than 1 goes beyond the image.
 *
 * @module
 */
import { type ByteImage, luma } from "./byte_image.ts";
import { mapValues } from "./tones.ts";

/** Scales colourfulness: the distance of each pixel from its grey. */
export function color(image: ByteImage, factor: number): ByteImage {
  const { data } = image;
  const grey = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    grey[i] = grey[i + 1] = grey[i + 2] = luma(data[i], data[i + 1], data[i + 2]);
  }
  return blend(grey, image, factor);
}

/** Scales contrast: the distance of each value from the mean grey of the image. */
export function contrast(image: ByteImage, factor: number): ByteImage {
  const { data } = image;
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) sum += luma(data[i], data[i + 1], data[i + 2]);
  const mean = Math.floor(sum / (data.length / 3) + 0.5);
  return mapValues(image, blending(mean, factor));
}

/** Scales brightness: the distance of each value from black. */
export function brightness(image: ByteImage, factor: number): ByteImage {
  return mapValues(image, blending(0, factor));
}

/** Scales sharpness: the distance of each value from a mean with its neighbours. */
export function sharpness(image: ByteImage, factor: number): ByteImage {
  return blend(smooth(image), image, factor);
}

/** Each value's mean with its eight neighbours, itself five times. Values at the edges stay. */
function smooth({ width, height, data }: ByteImage): Uint8Array {
  const out = data.slice();
  const line = width * 3;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * line + 3; i < (y + 1) * line - 3; i++) {
      const above = data[i - line - 3] + data[i - line] + data[i - line + 3];
      const beside = data[i - 3] + 5 * data[i] + data[i + 3];
      const below = data[i + line - 3] + data[i + line] + data[i + line + 3];
      out[i] = (2 * (above + beside + below) + 13) / 26;
    }
  }
  return out;
}

/** The values at `factor` times their distance from those of `dull`. */
function blend(dull: Uint8Array, { data, ...size }: ByteImage, factor: number): ByteImage {
  // Pillow computes in single precision.
  const scale = Math.fround(factor);
  const out = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) {
    out[i] = Math.trunc(Math.fround(dull[i] + Math.fround(scale * (data[i] - dull[i]))));
  }
  return { ...size, data: new Uint8Array(out.buffer) };
}

/** The same for a value of the image and one `dull` value. */
function blending(dull: number, factor: number): (value: number) => number {
  const scale = Math.fround(factor);
  return (value) => {
    const blended = Math.trunc(Math.fround(dull + Math.fround(scale * (value - dull))));
    return Math.min(255, Math.max(0, blended));
  };
}
