import encode, { init } from "@jsquash/jpeg/encode.js";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { imageDecoder } from "../../datasets/images/image.ts";
import type { ByteImage } from "../../lib/data/bytes/byte_image.ts";
import { filters, kernels, resample } from "../../datasets/images/resample.ts";
import { openZip } from "../../lib/files/zip.ts";

const ZIP = fileURLToPath(new URL("../../../shared/data/coco-mini.zip", import.meta.url));

/** Pixels of a photo's longer side, as most of ImageNet's have. */
const LONGER = 500;

/** Photos in a class's folder. */
const CLASS = 40;

/** Writes the 160 photos of `coco-mini.zip`, scaled to ImageNet's size, to `train/<class>`. */
export async function writePhotos(folder: string): Promise<void> {
  const zip = openZip(ZIP);
  try {
    const [decode] = await Promise.all([imageDecoder(), init()]);
    const names = zip.names.filter((name) => name.endsWith(".jpg"));
    for (const [i, name] of names.entries()) {
      const path = join(folder, "train", `n${Math.floor(i / CLASS)}`);
      await Deno.mkdir(path, { recursive: true });
      const photo = rgba(scale(decode(zip.read(name))));
      // Baseline, as ImageNet's are.
      const jpeg = await encode(photo, { quality: 95, progressive: false, baseline: true });
      await Deno.writeFile(join(path, `${i}.JPEG`), new Uint8Array(jpeg));
    }
  } finally {
    zip.close();
  }
}

function scale(photo: ByteImage): ByteImage {
  const share = LONGER / Math.max(photo.width, photo.height);
  const [width, height] = [photo.width, photo.height].map((side) => Math.round(side * share));
  const [columns, rows] = [
    filters(photo.width, width, 0, kernels.bicubic),
    filters(photo.height, height, 0, kernels.bicubic),
  ];
  return { width, height, data: resample(photo, columns, rows) };
}

function rgba({ width, height, data }: ByteImage): ImageData {
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) pixels.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  return new ImageData(pixels, width, height);
}
