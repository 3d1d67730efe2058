import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { cifar10, cifar100, coco, imageFolder, imagenet } from "../../datasets/mod.ts";
import { synthetic, tinyImagenet } from "../../datasets/mod.ts";
import type { Dataset, Mix } from "../data/dataset.ts";
import type { Net } from "../nn/network.ts";
import { isFolder } from "../files/path_kind.ts";
import { userPath } from "../files/user_path.ts";
import { findModule, loadExperiments, namesModule, splitSpec } from "../project/identify.ts";
import { importModule } from "../project/import_module.ts";
import { Failure } from "../values/failure.ts";
import { canonical } from "../values/json.ts";
import { didYouMean } from "../values/suggest.ts";

/** A data set that the command line names, and the folder to open it in. */
export interface NamedDataset {
  /** The name on the command line, or those of the exports and the experiments that have it. */
  readonly names: readonly string[];
  readonly dataset: Dataset<Mix | undefined, string, Net>;
  /** The data folder. */
  readonly folder: string;
}

type AnyDataset = NamedDataset["dataset"];

/** The data sets that need no option. */
const OURS = { cifar10, cifar100, coco, imagenet, synthetic, tinyImagenet };

/**
 * Finds the data sets that an argument names, each once: one of Retort's with its defaults
 * (`cifar100`); those of a module's exports and experiments (`mine.ts`, or `mine.ts#name`); or a
 * folder or a zip of images, in the data folder or by its path, as `imageFolder` has it by default.
 * Rejects with a `Failure` (exit 2) that says what can be named.
 */
export async function namedDatasets(spec: string, folder: string): Promise<NamedDataset[]> {
  for (const [name, dataset] of Object.entries(OURS)) {
    if (name === spec) return [{ names: [spec], dataset: dataset(), folder }];
  }
  if (namesModule(spec)) {
    const named = await exportedDatasets(spec);
    return distinct(named).map((one) => ({ ...one, folder }));
  }
  const path = resolve(userPath(spec));
  const name = spec.replace(/\/+$/, "");
  // `.` and `..` are where the user stands.
  const isName = !/^\.\.?(\/|$)/.test(spec);
  const place = isName && isImages(`${folder}/${name}`)
    ? { folder, name }
    : isImages(path)
    ? { folder: dirname(path), name: basename(path) }
    : undefined;
  if (place) {
    const dataset = imageFolder({ folder: place.name });
    return [{ names: [spec], dataset, folder: place.folder }];
  }
  const names = Object.keys(OURS);
  throw new Failure(
    2,
    `there is no data set ${spec}: name ${names.join(", ")}, a module, ` +
      `or a folder or a zip of images in ${folder}${didYouMean(spec, names)}`,
  );
}

/** Whether a directory or a zip, whose ending may be omitted, is there. */
function isImages(path: string): boolean {
  return isFolder(path) || path.endsWith(".zip") && existsSync(path) || existsSync(`${path}.zip`);
}

/** A data set and the name of what has it. */
type Named = readonly [name: string, dataset: AnyDataset];

/** The data sets that a module exports, and those of its experiments. */
async function exportedDatasets(spec: string): Promise<Named[]> {
  const [, name] = splitSpec(spec);
  const exports = Object.entries(await importModule(findModule(spec)));
  const exported = exports.flatMap(([key, value]): Named[] =>
    isDataset(value) && (name ?? key) === key ? [[key, value]] : []
  );
  if (name !== undefined && exported.length > 0) return exported;
  try {
    const experiments = await loadExperiments(spec);
    return [
      ...exported,
      ...experiments.map(({ id, experiment }): Named => [id, experiment.dataset]),
    ];
  } catch (error) {
    if (exported.length > 0 && error instanceof Failure) return exported;
    throw error;
  }
}

/** Equal data sets once, with all their names. */
function distinct(all: readonly Named[]): { names: string[]; dataset: AnyDataset }[] {
  const found = new Map<string, { names: string[]; dataset: AnyDataset }>();
  for (const [name, dataset] of all) {
    const key = canonical([dataset.id, dataset.options]);
    const same = found.get(key);
    if (same) same.names.push(name);
    else found.set(key, { names: [name], dataset });
  }
  return [...found.values()];
}

function isDataset(value: unknown): value is AnyDataset {
  return typeof value === "object" && value !== null && "id" in value && "normalisation" in value &&
    "open" in value && typeof value.open === "function";
}
