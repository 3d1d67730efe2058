import { canonical, type Json } from "../values/json.ts";
import type { Experiment } from "./experiment.ts";

/** The id of an experiment's data set, with the folder of an `imageFolder`, which has no other name. */
export function dataName({ dataset: { id, options } }: Pick<Experiment, "dataset">): string {
  const folder = folderOf(options);
  return id === "imageFolder" && folder !== undefined ? `${id}(${folder})` : id;
}

/**
 * A text that is the same for experiments on one data set: one folder or, without a folder, images
 * that are made alike. Their size, and what is done with them, may differ.
 */
export function dataKey({ dataset }: Pick<Experiment, "dataset">): string {
  const { id, options, source = options } = dataset;
  return canonical([id, folderOf(options) ?? source]);
}

function folderOf(options: Json): Json | undefined {
  const isObject = typeof options === "object" && options !== null && !Array.isArray(options);
  return isObject && "folder" in options ? options.folder : undefined;
}
