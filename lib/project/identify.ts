/**
 * An experiment's id: its module's path in the project, and `#name` unless it is the module's
 * default export.
 *
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isFile, isFolder } from "../files/path_kind.ts";
import { userFolder } from "../files/user_path.ts";
import { closest } from "../values/suggest.ts";
import { type Experiment, isExperiment } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { importModule } from "./import_module.ts";

/** The id and the place of an experiment's declaration. */
export interface Identity {
  /** The module's path in the project without `.ts`, and `#name` unless it is the default. */
  readonly id: string;
  /** The path of the module's file. */
  readonly module: string;
  /** The name of the export. `undefined` for the default export. */
  readonly name?: string;
}

/** An experiment with its id. */
export interface Loaded {
  /** The module's path in the project without `.ts`, and `#name` unless it is the default. */
  readonly id: string;
  readonly experiment: Experiment;
}

/**
 * Finds the folder of a module's project: the nearest one upward with a `deno.json` or
 * `deno.jsonc`, else the module's own folder.
 */
export function projectRoot(url: string): string {
  return rootAround(dirname(fileOf(url)));
}

/** Finds the folder of the project around a folder, as `projectRoot` does. */
export function rootAround(folder: string): string {
  for (let path = folder;; path = dirname(path)) {
    if (existsSync(join(path, "deno.json")) || existsSync(join(path, "deno.jsonc"))) return path;
    if (path === dirname(path)) return folder;
  }
}

/**
 * Finds the declaration of an experiment. Rejects with a `Failure` (exit 2) if its module does not
 * export it.
 */
export async function identify(experiment: Experiment): Promise<Identity> {
  const { url } = experiment;
  const module = fileOf(url);
  for (const [name, exported] of experimentsOf(await importModule(module))) {
    if (exported === experiment) return { id: idOf(module, name), module, name };
  }
  throw new Failure(
    2,
    `${module} declares an experiment that it does not export: ` +
      "export it, by default or in a record",
  );
}

/**
 * Loads the experiments that the command line names: `experiments/slkd/vgg13_vgg8.ts` (its default
 * experiment, or else every named one) or `experiments/quickstart.ts#kd`. The `.ts` is optional.
 * Rejects with a `Failure` (exit 2) that lists or suggests what exists.
 */
export async function loadExperiments(spec: string): Promise<Loaded[]> {
  const [path, name] = splitSpec(spec);
  const module = locateModule(path);
  const found = experimentsOf(await importModule(module));
  if (found.size === 0) {
    throw new Failure(
      2,
      `${path} exports no experiment: ` +
        "`export default experiment(import.meta, { … })`, or a record of them",
    );
  }
  const standard = found.get(undefined);
  const chosen = name !== undefined
    ? [[name, found.get(name) ?? unknownExperiment(path, name, found)] as const]
    : standard
    ? [[undefined, standard] as const]
    : [...found];
  return chosen.map(([name, experiment]) => ({ id: idOf(module, name), experiment }));
}

/**
 * Loads the one experiment that an argument of the command line names. Rejects with a `Failure`
 * (exit 2) that lists what exists, also if it names several.
 */
export async function loadExperiment(spec: string): Promise<Loaded> {
  const [first, ...others] = await loadExperiments(spec);
  if (others.length === 0) return first;
  const ids = [first, ...others].map(({ id }) => id);
  throw new Failure(2, `${spec} is several experiments: name one, ${ids.join(" or ")}`);
}

/** Finds the file of a module that the command line names, or throws a `Failure` (exit 2). */
export function findModule(spec: string): string {
  return locateModule(splitSpec(spec)[0]);
}

/** Whether an argument of the command line names a module. */
export function namesModule(spec: string): boolean {
  const [path, name] = splitSpec(spec);
  return name !== undefined || path.endsWith(".ts") || findFile(path) !== undefined;
}

/** Splits an argument of the command line into a path and a name, if there is one. */
export function splitSpec(spec: string): [path: string, name: string | undefined] {
  const [, path, name] = spec.match(/^(.*?)(?:#([^#/]*))?$/s)!;
  return [path, name];
}

/** A module's experiments by name. The name of the default one is `undefined`. */
function experimentsOf(
  { default: standard, ...named }: Readonly<Record<string, unknown>>,
): Map<string | undefined, Experiment> {
  const found = new Map<string | undefined, Experiment>();
  if (isExperiment(standard)) found.set(undefined, standard);
  const record = typeof standard === "object" && !isExperiment(standard) ? standard : {};
  for (const [name, value] of Object.entries({ ...record, ...named })) {
    if (!isExperiment(value)) continue;
    if (!isFileName(name)) {
      throw new Failure(
        2,
        `an experiment is exported as ${
          JSON.stringify(name)
        }: its result is a file of that name, ` +
          "so it has to be a name without / \\ and #, and not . or ..",
      );
    }
    found.set(name, value);
  }
  return found;
}

function isFileName(name: string): boolean {
  return /^[^/\\#\p{Cc}]+$/u.test(name) && name !== "." && name !== "..";
}

function idOf(module: string, name?: string): string {
  const path = relative(rootAround(dirname(module)), module).replace(/\.ts$/, "");
  return name === undefined ? path : `${path}#${name}`;
}

function fileOf(url: string): string {
  if (url.startsWith("file:")) return fileURLToPath(url);
  throw new Failure(
    2,
    `${url}: an experiment's module has to be a file, because its results are written beside it`,
  );
}

/** The file of a module, from where the user stands or, as in an id, from the project. */
function findFile(path: string): string | undefined {
  return [resolve(userFolder(), path), resolve(path)].flatMap((start) => [start, `${start}.ts`])
    .find((file) => file.endsWith(".ts") && isFile(file));
}

/** The absolute path of a module, from where the user stands or, as in an id, from the project. */
function locateModule(path: string): string {
  const found = findFile(path);
  if (found !== undefined) return found;
  const absolute = resolve(userFolder(), path);
  if (isFolder(absolute)) throw folderFailure(path, modulesIn(absolute));
  const folder = dirname(absolute);
  if (!isFolder(folder)) {
    throw new Failure(2, `there is no ${path}: there is no folder ${dirname(path)}`);
  }
  const meant = closest(basename(path).replace(/(\.ts)?$/, ".ts"), modulesIn(folder));
  throw new Failure(
    2,
    `there is no ${path}${meant ? `; did you mean ${join(dirname(path), meant)}?` : ""}`,
  );
}

/** The names of a folder's modules, sorted. */
function modulesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".ts")).sort();
}

/** The most modules of a folder that a message names. */
const FEW = 5;

function folderFailure(path: string, modules: readonly string[]): Failure {
  // `tables.ts` declares tables, not experiments.
  const named = modules.filter((name) => name !== "tables.ts");
  const more = named.length > FEW ? " …" : "";
  if (named.length === 0) {
    return new Failure(2, `${path} is a folder without an experiment: name a module`);
  }
  return new Failure(
    2,
    `${path} is a folder: name a module in it, ${named.slice(0, FEW).join(", ")}${more}`,
  );
}

function unknownExperiment(
  path: string,
  name: string,
  found: ReadonlyMap<string | undefined, Experiment>,
): never {
  const names = [...found.keys()].filter((one) => one !== undefined);
  const has = names.length > 0
    ? `it has ${names.join(", ")}`
    : `it has one experiment, its default: leave #${name} out`;
  throw new Failure(2, `${path} has no experiment called ${name}; ${has}`);
}
