/**
 * An experiment's id: its module's path in the project, and `#name` where it is not the module's
 * default export.
 *
 * @module
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { closest } from "../values/suggest.ts";
import { type Experiment, isExperiment } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { importModule } from "./import_module.ts";

/** Where an experiment is declared. */
export interface Identity {
  /**
   * Its module's path in the project without `.ts`, and `#name` where it is not the default export.
   */
  readonly id: string;
  /** The path of its module's file. */
  readonly module: string;
  /** The name it is exported under; absent for the default export. */
  readonly name?: string;
}

/** An experiment with its id. */
export interface Loaded {
  /**
   * Its module's path in the project without `.ts`, and `#name` where it is not the default export.
   */
  readonly id: string;
  /** The experiment. */
  readonly experiment: Experiment;
}

/**
 * The folder of the project that a module belongs to: the nearest one upward with a `deno.json` or
 * `deno.jsonc`, else the working directory.
 */
export function projectRoot(url: string): string {
  return rootOf(file(url));
}

/**
 * Where an experiment is declared. Rejects with a `Failure` (exit 2) where its module does not
 * export it.
 */
export async function identify(experiment: Experiment): Promise<Identity> {
  const { url } = experiment;
  const module = file(url);
  for (const [name, exported] of experimentsOf(await importModule(module))) {
    if (exported === experiment) return { id: idOf(module, name), module, name };
  }
  throw new Failure(
    2,
    `${module} declares an experiment that it does not export: export it, by default or in a record`,
  );
}

/**
 * What the command line names: `experiments/slkd/vgg13_vgg8.ts` (its default experiment, or else
 * every named one) or `experiments/quickstart.ts#kd`; `.ts` may be left out. Rejects with a
 * `Failure` (exit 2) that says what there is.
 */
export async function loadExperiments(spec: string): Promise<Loaded[]> {
  const [path, name] = parts(spec);
  const module = find(path);
  const found = experimentsOf(await importModule(module));
  if (found.size === 0) {
    throw new Failure(
      2,
      `${path} exports no experiment: \`export default experiment(import.meta, { … })\`, or a record of them`,
    );
  }
  const standard = found.get(undefined);
  const chosen = name !== undefined
    ? [[name, found.get(name) ?? unknown(path, name, found)] as const]
    : standard
    ? [[undefined, standard] as const]
    : [...found];
  return chosen.map(([name, experiment]) => ({ id: idOf(module, name), experiment }));
}

/**
 * The file of the module that the command line names. Throws a `Failure` (exit 2) where there is
 * none.
 */
export function moduleOf(spec: string): string {
  return find(parts(spec)[0]);
}

/** The path and, if there is one, the name that the command line gives. */
function parts(spec: string): [path: string, name: string | undefined] {
  const [, path, name] = spec.match(/^(.*?)(?:#([^#/]*))?$/s)!;
  return [path, name];
}

/** A module's experiments by name; the default one has none. */
function experimentsOf(
  { default: standard, ...named }: Readonly<Record<string, unknown>>,
): Map<string | undefined, Experiment> {
  const found = new Map<string | undefined, Experiment>();
  if (isExperiment(standard)) found.set(undefined, standard);
  const record = typeof standard === "object" && !isExperiment(standard) ? standard : {};
  for (const [name, value] of Object.entries({ ...record, ...named })) {
    if (isExperiment(value)) found.set(name, value);
  }
  return found;
}

function rootOf(module: string): string {
  for (
    let folder = dirname(module), below = module;
    folder !== below;
    [folder, below] = [dirname(folder), folder]
  ) {
    if (existsSync(join(folder, "deno.json")) || existsSync(join(folder, "deno.jsonc"))) {
      return folder;
    }
  }
  return Deno.cwd();
}

function idOf(module: string, name?: string): string {
  const path = relative(rootOf(module), module).replace(/\.ts$/, "");
  return name === undefined ? path : `${path}#${name}`;
}

function file(url: string): string {
  if (url.startsWith("file:")) return fileURLToPath(url);
  throw new Failure(
    2,
    `${url}: an experiment's module has to be a file, since its results are written beside it`,
  );
}

/** The module's path, absolute. */
function find(path: string): string {
  const absolute = resolve(path);
  for (const candidate of [absolute, `${absolute}.ts`]) {
    if (existsSync(candidate) && basename(candidate).endsWith(".ts")) return candidate;
  }
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) {
    throw isFolder(path, modulesIn(absolute));
  }
  const folder = dirname(absolute);
  if (!existsSync(folder)) {
    throw new Failure(2, `there is no ${path}: nor is there a folder ${dirname(path)}`);
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

/** How many of a folder's modules a message names. */
const FEW = 5;

function isFolder(path: string, modules: readonly string[]): Failure {
  // It declares tables, which are no experiment.
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

function unknown(
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
