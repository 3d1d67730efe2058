import { stream } from "../values/random.ts";
import type { ByteColour } from "./bytes/byte_image.ts";
import { cropAndFlip } from "./bytes/crop_and_flip.ts";
import type { Augmentation } from "./dataset.ts";
import { applyPolicy } from "./policy.ts";

/** Images and what becomes of them. */
export interface ChangeRequest {
  /** The images, height × width × 3 bytes each. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** The changes of each picture of an image. */
  readonly pictures: readonly Augmentation[];
  /** The colour in which images that a policy warps end. */
  readonly fill: ByteColour;
  /** The seed of the random numbers. */
  readonly seed: number;
  /** The name of each image's random numbers. */
  readonly names: readonly string[];
}

/**
 * Makes the pictures of each image, one after the other. Those with a policy are cropped, mirrored
 * and changed by it, by random numbers of their own; the others are the image as it is.
 */
export function changeImages(request: ChangeRequest): Uint8Array {
  const { pixels, height, width, pictures, fill, seed, names } = request;
  const bytes = height * width * 3;
  const out = new Uint8Array(names.length * pictures.length * bytes);
  let to = 0;
  for (const [i, name] of names.entries()) {
    const image = { height, width, data: pixels.subarray(i * bytes, (i + 1) * bytes) };
    for (const [picture, { crop, flip, policy }] of pictures.entries()) {
      const random = stream(seed, `policy/${picture}/${name}`);
      const { data } = policy
        ? applyPolicy(cropAndFlip(image, crop, flip, random), policy, fill, random)
        : image;
      out.set(data, to);
      to += bytes;
    }
  }
  return out;
}
