import { between, checkRanges } from "../values/range.ts";
import type { Stream } from "../values/random.ts";
import { brightness, color, contrast } from "./bytes/blends.ts";
import type { ByteImage } from "./bytes/byte_image.ts";

/** Options of `colourJitter`. */
export interface ColourJitterOptions {
  /** The range of the factor of brightness, 1 ± this, 0 … 1. Default: 0.3. */
  readonly brightness?: number;
  /** The range of the factor of contrast, 1 ± this, 0 … 1. Default: 0.3. */
  readonly contrast?: number;
  /** The range of the factor of colourfulness, 1 ± this, 0 … 1. Default: 0.3. */
  readonly color?: number;
}

/** Colour jitter with its options. */
export type ColourJitter =
  & { readonly id: "colourJitter" }
  & Readonly<Required<ColourJitterOptions>>;

/**
 * Scales brightness, contrast and colourfulness of each image, in an order that is drawn, on bytes
 * as torchvision's `ColorJitter` without hue. The defaults are DeiT's, for recipes without a learnt
 * policy: DeiT leaves it out beside RandAugment and AutoAugment. `jitter`, inside the step, is
 * faster and only about the same.
 */
export function colourJitter(
  { brightness = 0.3, contrast = 0.3, color = 0.3 }: ColourJitterOptions = {},
): ColourJitter {
  const share = between();
  return {
    id: "colourJitter",
    ...checkRanges("colourJitter", { brightness, contrast, color }, {
      brightness: share,
      contrast: share,
      color: share,
    }),
  };
}

/** Applies colour jitter to an image. */
export function applyColourJitter(
  image: ByteImage,
  jitter: ColourJitter,
  random: Stream,
): ByteImage {
  const blends = [
    [brightness, jitter.brightness],
    [contrast, jitter.contrast],
    [color, jitter.color],
  ] as const;
  let changed = image;
  for (const i of random.permutation(blends.length)) {
    const [blend, range] = blends[i];
    if (range > 0) changed = blend(changed, 1 + range * (2 * random.uniform() - 1));
  }
  return changed;
}
