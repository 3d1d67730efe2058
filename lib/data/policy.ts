import type { Stream } from "../values/random.ts";
import { applyAutoAugment, type AutoAugment } from "./auto_augment.ts";
import type { ByteColour, ByteImage } from "./bytes/byte_image.ts";
import { applyColourJitter, type ColourJitter } from "./colour_jitter.ts";
import { applyFixMatchAugment, type FixMatchAugment } from "./fix_match_augment.ts";
import { applyRandAugment, type RandAugment } from "./rand_augment.ts";

/**
 * A way to change the bytes of training images at random, after they were cropped and mirrored: the
 * `policy` of a data set or of a view. `randAugment()`, `autoAugment()`, `colourJitter()` and
 * `fixMatchAugment()` make one.
 */
export type Policy = RandAugment | AutoAugment | ColourJitter | FixMatchAugment;

/** Applies a policy to an image. Images that are warped end in the colour `fill`. */
export function applyPolicy(
  image: ByteImage,
  policy: Policy,
  fill: ByteColour,
  random: Stream,
): ByteImage {
  switch (policy.id) {
    case "randAugment":
      return applyRandAugment(image, policy, { fill, filter: policy.interpolation }, random);
    case "autoAugment":
      return applyAutoAugment(image, policy, { fill, filter: policy.interpolation }, random);
    case "colourJitter":
      return applyColourJitter(image, policy, random);
    case "fixMatchAugment":
      return applyFixMatchAugment(image, policy, random);
  }
}
