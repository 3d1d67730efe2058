/**
 * Changes of an image that give each value of a channel another one, whatever its place: Pillow's,
 * bit for bit.
 *
 * @module
 */
import type { ByteImage } from "./byte_image.ts";

/** Spreads each channel over 0 … 255, its smallest value to 0, its largest to 255. */
export function autoContrast(image: ByteImage): ByteImage {
  return mapChannels(image, (counts) => {
    const low = counts.findIndex((count) => count > 0);
    const high = counts.findLastIndex((count) => count > 0);
    if (high <= low) return undefined;
    const scale = 255 / (high - low);
    return (value) => Math.min(255, Math.max(0, Math.trunc(value * scale - low * scale)));
  });
}

/** Gives each channel's values about equal counts, in steps that are whole numbers as Pillow's. */
export function equalize(image: ByteImage): ByteImage {
  return mapChannels(image, (counts) => {
    const pixels = image.width * image.height;
    const most = counts.findLastIndex((count) => count > 0);
    const step = Math.floor((pixels - counts[most]) / 255);
    if (step === 0) return undefined;
    let below = step >> 1;
    const sums = counts.map((count) => (below += count) - count);
    return (value) => Math.min(255, Math.floor(sums[value] / step));
  });
}

/** The negative. */
export function invert(image: ByteImage): ByteImage {
  return mapValues(image, (value) => 255 - value);
}

/** Keeps the upper bits of each value, 0 to 8 of them. */
export function posterize(image: ByteImage, bits: number): ByteImage {
  const mask = 256 - 2 ** (8 - bits);
  return mapValues(image, (value) => value & mask);
}

/** Inverts the values from a threshold on. */
export function solarize(image: ByteImage, threshold: number): ByteImage {
  return mapValues(image, (value) => value >= threshold ? 255 - value : value);
}

/** Adds to the values below 128, to at most 255. */
export function solarizeAdd(image: ByteImage, add: number): ByteImage {
  return mapValues(image, (value) => value < 128 ? Math.min(255, value + add) : value);
}

/** Maps all values, each 0 … 255. */
export function mapValues(
  { data, ...size }: ByteImage,
  map: (value: number) => number,
): ByteImage {
  const table = tableOf(map);
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = table[data[i]];
  return { ...size, data: out };
}

/**
 * Maps the values of each channel. `mapping` makes a channel's map from the counts of its values;
 * without one the channel stays.
 */
function mapChannels(
  { data, ...size }: ByteImage,
  mapping: (counts: Uint32Array) => ((value: number) => number) | undefined,
): ByteImage {
  const out = data.slice();
  for (let channel = 0; channel < 3; channel++) {
    const counts = new Uint32Array(256);
    for (let i = channel; i < data.length; i += 3) counts[data[i]]++;
    const map = mapping(counts);
    if (!map) continue;
    const table = tableOf(map);
    for (let i = channel; i < data.length; i += 3) out[i] = table[data[i]];
  }
  return { ...size, data: out };
}

/** What a map makes of each value, 0 … 255. */
function tableOf(map: (value: number) => number): Uint8Array {
  const table = new Uint8Array(256);
  for (let value = 0; value < 256; value++) table[value] = map(value);
  return table;
}
