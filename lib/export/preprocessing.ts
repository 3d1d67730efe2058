import type { Json } from "../values/json.ts";
import type { Format } from "./format.ts";
import type { ExportedModel } from "./model.ts";

/** What channels are called, by their number. */
const CHANNELS: Readonly<Record<number, string>> = { 1: "grey", 3: "RGB" };

/** How pixels become a model's input, in words. */
export const FORMULA = "(pixel / 255 - mean) / std";

/**
 * Everything that must be done to an image before it goes into a model, and what its logits mean.
 */
export function preprocessing(
  model: ExportedModel,
  { layout }: Format,
): { readonly [fact: string]: Json | undefined } {
  const { image: [height, width, channels], normalisation: { mean, std }, resize, classes } = model;
  return {
    input: "images",
    dtype: "float32",
    layout: layout(model),
    height,
    width,
    channels: CHANNELS[channels] ?? channels,
    resize,
    pixels: [0, 255],
    formula: FORMULA,
    mean,
    std,
    output: "logits",
    classes,
  };
}
