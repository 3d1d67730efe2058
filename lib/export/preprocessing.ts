import type { Json } from "../values/json.ts";
import type { Format } from "./format.ts";
import { type ExportedModel, inputName } from "./model.ts";

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
  const { predictsFrom = {}, predictions } = model.task;
  const others = Object.entries(predictsFrom)
    .map(([label, { shape }]) => [inputName(label), { dtype: "float32", shape: [1, ...shape] }]);
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
    ...others.length > 0 && { inputs: Object.fromEntries(others) },
    ...predictions ? { outputs: predictions } : { output: "logits" },
    classes,
  };
}
