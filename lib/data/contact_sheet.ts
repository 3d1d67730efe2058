import * as tf from "@tensorflow/tfjs";
import { randomOf } from "../kernels/random_uniform.ts";
import { augment } from "./augment.ts";
import type { Augmentation, OpenDataset, Split } from "./dataset.ts";

/**
 * A picture with rows of training images: as they are, and beside that as a step changes them before
 * it erases or mixes.
 */
export interface ContactSheet {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** height × width × channels bytes, channels last. */
  readonly data: Uint8Array;
  /** The class of each row. */
  readonly classes: readonly number[];
  /** The number of images in a row of each half. */
  readonly columns: number;
}

/** The most rows. More classes are spread evenly. */
const ROWS = 16;
const COLUMNS = 8;
/** Sides of images in pixels between which no image is enlarged or thinned out. */
const [SMALL, LARGE] = [64, 128];
const GAP = 4;
/** Pixels between the two halves. */
const MIDDLE = 24;
const PAPER = 255;

/**
 * Lays out the first of these training images of some classes. Small images are enlarged, of large
 * ones every second or third pixel is shown. Of padded images it shows those of the first shape.
 * Rejects with a `Failure` (exit 3) if one cannot be read.
 */
export async function contactSheet(
  { classes, image: [height, width, channels], train }: OpenDataset,
  images: readonly number[],
  augmentation: Augmentation,
): Promise<ContactSheet> {
  const rows = Math.min(ROWS, classes.length);
  const shown = Array.from({ length: rows }, (_, i) => Math.floor(i * classes.length / rows));
  const side = Math.max(height, width);
  const zoom = Math.max(1, Math.floor(SMALL / side));
  const step = Math.ceil(side / LARGE);
  const tile = {
    height: Math.ceil(height / step) * zoom + GAP,
    width: Math.ceil(width / step) * zoom + GAP,
  };
  const sheet = {
    height: rows * tile.height + GAP,
    width: 2 * COLUMNS * tile.width + GAP + MIDDLE,
  };
  const data = new Uint8Array(sheet.height * sheet.width * channels).fill(PAPER);
  const draw = (pixels: ArrayLike<number>, at: number, top: number, left: number) => {
    for (let y = 0; y < tile.height - GAP; y++) {
      for (let x = 0; x < tile.width - GAP; x++) {
        const row = Math.floor(y / zoom) * step;
        const column = Math.floor(x / zoom) * step;
        for (let c = 0; c < channels; c++) {
          data[((top + y) * sheet.width + left + x) * channels + c] =
            pixels[at + (row * width + column) * channels + c];
        }
      }
    }
  };
  for (const [row, label] of shown.entries()) {
    const indices = images.filter((index) =>
      train.labels[index] === label && !train.padded?.shapeOf[index]
    ).slice(0, COLUMNS);
    if (indices.length === 0) continue;
    const plain = await train.read(indices);
    const drawn = await readFirst(train, indices);
    const shape = [indices.length, height, width, channels] as const;
    const changed = await changedPixels(drawn, shape, augmentation, row);
    const top = GAP + row * tile.height;
    indices.forEach((_, i) => {
      const at = i * height * width * channels;
      draw(plain, at, top, GAP + i * tile.width);
      draw(changed, at, top, GAP + MIDDLE + (COLUMNS + i) * tile.width);
    });
  }
  return { ...sheet, channels, data, classes: shown, columns: COLUMNS };
}

/** Reads images for an epoch. Of several pictures of an image, it takes the first. */
async function readFirst(train: Split, indices: readonly number[]): Promise<Uint8Array> {
  const pixels = await train.read(indices, { seed: 1, epoch: 1 });
  const { pictures = 1 } = train;
  const bytes = pixels.length / indices.length / pictures;
  return pixels.filter((_, i) => Math.floor(i / bytes) % pictures === 0);
}

/** The images after a step's augmentation. The same step gives the same changes. */
async function changedPixels(
  pixels: Uint8Array,
  shape: readonly [batch: number, height: number, width: number, channels: number],
  augmentation: Augmentation,
  step: number,
): Promise<Uint8ClampedArray> {
  await tf.setBackend("cpu");
  // Otherwise tfjs recommends another backend, once for each process.
  tf.enableProdMode();
  const changed = tf.tidy(() => {
    const images = tf.tensor4d(Float32Array.from(pixels), [...shape]);
    const random = randomOf(1, "augment", tf.scalar(step, "int32"));
    return augment(images, augmentation, random).dataSync();
  });
  return Uint8ClampedArray.from(changed);
}
