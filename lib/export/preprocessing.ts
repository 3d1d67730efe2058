import type { Json } from "../values/json.ts";
import type { Format } from "./format.ts";
import type { ExportedModel } from "./model.ts";

/** The names of channels, by their number. */
const CHANNELS: Readonly<Record<number, string>> = { 1: "grey", 3: "RGB" };

/** The formula from pixels to a model's input. */
export const FORMULA = "(pixel / 255 - mean) / std";

/** Lists all facts on how to prepare an image for a model, and the meaning of its logits. */
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
