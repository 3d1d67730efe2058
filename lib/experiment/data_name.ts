import type { Experiment } from "./experiment.ts";

/** The id of an experiment's data set, with the folder of an `imageFolder`, which has no other name. */
export function dataName({ dataset: { id, options } }: Pick<Experiment, "dataset">): string {
  const isFolder = id === "imageFolder" && typeof options === "object" && options !== null &&
    "folder" in options;
  return isFolder ? `${id}(${options.folder})` : id;
}
