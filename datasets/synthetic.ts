import type { Dataset, Mix, OpenDataset, Split } from "../lib/data/dataset.ts";
import { Failure } from "../lib/values/failure.ts";
import { type Stream, stream } from "../lib/values/random.ts";
import { between, checkRanges, whole } from "../lib/values/range.ts";
import { declare, type ImageOptions } from "./declare.ts";
import { type Glyph, glyphs, type Stroke } from "./glyph.ts";

/** Options of `synthetic`. */
export interface SyntheticOptions<M extends Mix | undefined = undefined, V extends string = never>
  extends ImageOptions<M, V> {
  /** The number of classes, 2 to 100. Default: 10. */
  readonly classes?: number;
  /** The number of training images. Default: 4,000. */
  readonly train?: number;
  /** The number of test images. Default: 1,000. */
  readonly test?: number;
  /** Height and width in pixels, 8 or more. Default: 32. */
  readonly size?: number;
  /**
   * The seed of classes and images. It is not the run's seed, which shuffles and initialises.
   * Default: 0.
   */
  readonly seed?: number;
  /** The number of strokes in each image that belong to no figure. Default: 2. */
  readonly clutter?: number;
  /**
   * The standard deviation of the noise on every channel of every pixel, as a share of the full
   * range. Default: 0.15.
   */
  readonly noise?: number;
}

/**
 * Images made from a seed, without files. A class is a figure of five strokes. Each image shows it
 * with its own position, size, tilt and colour, slightly bent, between stray strokes of the same
 * colour, on a background with shading and a grating, under noise. Colour and texture do not depend
 * on the class, and a single stroke says little, because classes share strokes and each has a
 * sibling (0a and 0b, 1a and 1b …) that differs in one. A network has to see which strokes meet
 * where, which takes depth. A teacher's knowledge of siblings helps its student. Image `i` has the
 * class `i mod classes`, and does not depend on `train` and `test`. Defaults: crops with 2 pixels
 * of padding, and no flips, since a mirrored figure may be another class.
 */
export function synthetic<M extends Mix | undefined = undefined, V extends string = never>(
  {
    classes = 10,
    train = 4000,
    test = 1000,
    size = 32,
    seed = 0,
    clutter = 2,
    noise = 0.15,
    ...options
  }: SyntheticOptions<M, V> = {},
): Dataset<M, V> {
  const numbers = { classes, train, test, size, seed, clutter, noise };
  const own = checkRanges("synthetic", numbers, {
    classes: whole(2),
    train: whole(),
    test: whole(),
    size: whole(8),
    seed: whole(0),
    clutter: whole(0),
    noise: between(),
  });
  if (classes > 100) {
    throw new Failure(2, `synthetic: \`classes\` is ${classes}; there are 100 figures at most`);
  }
  const defaults = {
    crop: 2,
    flip: false,
    mean: [0.5, 0.5, 0.5],
    std: [0.28, 0.28, 0.28],
  } as const;
  const sizes = { image: [size, size, 3], classes, train } as const;
  return declare("synthetic", own, defaults, options, () => Promise.resolve(open(own)), sizes);
}

function open(
  { classes, train, test, size, seed, clutter, noise }: Required<
    Omit<SyntheticOptions, keyof ImageOptions>
  >,
): OpenDataset {
  const figures = glyphs(classes, stream(seed, "synthetic/glyphs"));
  const noises = stream(seed, "synthetic/noise");
  const grain = Float32Array.from({ length: GRAINS }, () => noises.normal() * noise);
  const bytes = size * size * 3;
  const split = (name: string, count: number): Split => {
    const pixels = new Uint8ClampedArray(count * bytes);
    const image = (i: number) => pixels.subarray(i * bytes, (i + 1) * bytes);
    for (let i = 0; i < count; i++) {
      paint(
        figures[i % classes],
        { size, clutter, grain },
        stream(seed, `synthetic/${name}/${i}`),
        image(i),
      );
    }
    return {
      size: count,
      labels: Int32Array.from({ length: count }, (_, i) => i % classes),
      read(indices) {
        const out = new Uint8Array(indices.length * bytes);
        for (let i = 0; i < indices.length; i++) out.set(image(indices[i]), i * bytes);
        return Promise.resolve(out);
      },
    };
  };
  return {
    classes: Array.from(
      { length: classes },
      (_, i) => `${Math.floor(i / 2)}${i % 2 === 0 ? "a" : "b"}`,
    ),
    image: [size, size, 3],
    train: split("train", train),
    test: split("test", test),
    close() {},
  };
}

/**
 * The number of noise values, a power of two. They are made once. Each image reads them from its
 * own offset.
 */
const GRAINS = 2 ** 16;

/** Paints one image into `out`, size × size × 3 values. */
function paint(
  glyph: Glyph,
  { size, clutter, grain }: { size: number; clutter: number; grain: Float32Array },
  random: Stream,
  out: Uint8ClampedArray,
): void {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  // The ink has to differ from the background in brightness and in hue.
  const contrast = between(0.3, 0.55) * (random.uniform() < 0.5 ? -1 : 1);
  const ground = [0, 1, 2].map(() => 0.5 - contrast / 2 + between(-0.2, 0.2));
  const colour = ground.map((channel) => channel + contrast + between(-0.15, 0.15));
  const shade = [between(-0.3, 0.3) / size, between(-0.3, 0.3) / size];
  const angle = between(0, Math.PI);
  const wave = between(0.4, 1.6) * 32 / size;
  const strength = between(0, 0.12);
  const phase = between(0, 2 * Math.PI);
  const across = wave * Math.cos(angle);
  const down = wave * Math.sin(angle);
  let from = random.below(GRAINS);
  const ink = drawInk(glyph, clutter, size, random);
  let at = 0;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const light = shade[0] * (x - size / 2) + shade[1] * (y - size / 2) +
        strength * Math.sin(across * x + down * y + phase);
      const covered = ink[y * size + x];
      for (let c = 0; c < 3; c++) {
        const value = (ground[c] + light) * (1 - covered) + colour[c] * covered +
          grain[from++ & GRAINS - 1];
        out[at++] = 255 * value;
      }
    }
  }
}

/**
 * The coverage of each pixel by ink, 0 … 1: of the glyph, moved, scaled, tilted and bent, and of
 * the clutter.
 */
function drawInk(glyph: Glyph, clutter: number, size: number, random: Stream): Float32Array {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const scale = between(0.26, 0.36) * size;
  const tilt = between(-0.2, 0.2);
  const width = between(1, 2) * size / 32;
  const [left, top] = [between(scale, size - scale), between(scale, size - scale)];
  const bends = Array.from({ length: 18 }, () => between(-0.1, 0.1));
  const cos = scale * Math.cos(tilt);
  const sin = scale * Math.sin(tilt);
  const place = (x: number, y: number): [number, number] => {
    const node = 2 * (3 * y + x + 4);
    const [u, v] = [x + bends[node], y + bends[node + 1]];
    return [left + cos * u - sin * v, top + sin * u + cos * v];
  };
  const ink = new Float32Array(size * size);
  for (const [x0, y0, x1, y1] of glyph) {
    drawLine(ink, size, [...place(x0, y0), ...place(x1, y1)], width);
  }
  for (let i = 0; i < clutter; i++) {
    const [x, y] = [between(0, size), between(0, size)];
    const angle = random.below(8) * Math.PI / 4 + tilt;
    drawLine(ink, size, [x, y, x + scale * Math.cos(angle), y + scale * Math.sin(angle)], width);
  }
  return ink;
}

/** Draws a line of `width` pixels with smooth edges and round ends. */
function drawLine(ink: Float32Array, size: number, [x0, y0, x1, y1]: Stroke, width: number): void {
  const reach = width / 2 + 0.5;
  const dx = x1 - x0;
  const dy = y1 - y0;
  const square = dx * dx + dy * dy;
  const clip = (value: number) => Math.min(size - 1, Math.max(0, value));
  const right = clip(Math.ceil(Math.max(x0, x1) + reach));
  const bottom = clip(Math.ceil(Math.max(y0, y1) + reach));
  for (let y = clip(Math.floor(Math.min(y0, y1) - reach)); y <= bottom; y++) {
    for (let x = clip(Math.floor(Math.min(x0, x1) - reach)); x <= right; x++) {
      const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / square));
      const away = Math.sqrt((x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2);
      if (away < reach) ink[y * size + x] = Math.max(ink[y * size + x], Math.min(1, reach - away));
    }
  }
}
