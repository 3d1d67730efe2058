import type { ChangeRequest } from "./change_images.ts";
import type { Augmentation, Split } from "./dataset.ts";
import { drawName } from "../values/draw.ts";
import type { ByteColour } from "./bytes/byte_image.ts";
import { pixelWorker, workerCount } from "./pixel_worker.ts";

/** How the images of a split are read for a step. */
export interface PictureOptions {
  /** Height, width and channels of every image. */
  readonly image: readonly [height: number, width: number, channels: number];
  /** The changes of each picture of an image. */
  readonly pictures: readonly Augmentation[];
  /** The colour in which images that a policy warps end. */
  readonly fill: ByteColour;
}

/** A split whose images are changed by workers, and how to end these. */
export interface PolicySplit extends Split {
  /** Ends the workers. */
  close(): void;
}

/**
 * A split whose reads with a `Draw` give several pictures of each image, each cropped, mirrored and
 * changed by its own policy. A picture without a policy is the image itself: the step changes it.
 */
export function policySplit(
  split: Split,
  { image, pictures, fill }: PictureOptions,
): PolicySplit {
  const url = new URL("./change_worker.ts", import.meta.url);
  const workers = Array.from({ length: workerCount }, () => pixelWorker<ChangeRequest>(url));
  const [height, width, channels] = image;
  const bytes = height * width * channels;
  return {
    ...split,
    pictures: pictures.length,
    async read(indices, draw) {
      const pixels = await split.read(indices, draw);
      if (!draw) return pixels;
      const names = Array.from(indices, (index, i) => drawName(draw, index, i));
      const part = Math.ceil(names.length / workers.length);
      const changed = new Uint8Array(pixels.length * pictures.length);
      await Promise.all(workers.map(async (worker, i) => {
        const [start, end] = [i * part, Math.min(names.length, (i + 1) * part)];
        if (start >= end) return;
        const own = pixels.slice(start * bytes, end * bytes);
        const request = { height, width, pictures, fill, seed: draw.seed };
        const answer = worker.ask(
          { ...request, pixels: own, names: names.slice(start, end) },
          [own.buffer],
        );
        changed.set(await answer, start * bytes * pictures.length);
      }));
      return changed;
    },
    close() {
      for (const worker of workers) worker.close();
    },
  };
}
