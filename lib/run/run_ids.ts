import { join, relative, resolve, sep } from "node:path";
import { Failure } from "../values/failure.ts";

/** Where a project keeps its runs. */
export const RUNS = "runs";

const SEED = /^seed-(\d+)$/;

/** The ids of the experiments that have a full run in the project `root`, in order. */
export function runIds(root: string): string[] {
  const all = join(root, RUNS);
  const within = (folder: string): string[] => {
    const entries = entriesOf(folder).filter(({ isDirectory }) => isDirectory);
    const own = entries.some(({ name }) => SEED.test(name)) ? [relative(all, folder)] : [];
    // Beside the runs of `kd.ts` may be those of `kd/hot.ts`. The `.cache` of pods holds none.
    const others = entries.filter(({ name }) => !/^\.|^seed-\d/.test(name));
    return [...own, ...others.flatMap(({ name }) => within(join(folder, name)))];
  };
  return within(all).map((id) => id.split(sep).join("/")).sort();
}

/** The entries of a folder. None if it is gone, or somebody else's that cannot be read. */
export function entriesOf(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    const { NotFound, PermissionDenied } = Deno.errors;
    if (error instanceof NotFound || error instanceof PermissionDenied) return [];
    throw error;
  }
}

/** The seeds of the full runs of an experiment in the project `root`, in ascending order. */
export function runSeeds(root: string, id: string): number[] {
  return entriesOf(join(root, RUNS, id)).flatMap(({ name }) => {
    const [, seed] = name.match(SEED) ?? [];
    return seed === undefined ? [] : [Number(seed)];
  }).sort((a, b) => a - b);
}

/**
 * The seeds of an experiment with one of these recorded trials, or with a full run in the project
 * `root`, in ascending order.
 */
export function knownSeeds(
  root: string,
  id: string,
  trials: readonly { readonly seed: number }[],
): number[] {
  const recorded = trials.map(({ seed }) => seed);
  return [...new Set([...recorded, ...runSeeds(root, id)])].sort((a, b) => a - b);
}

/** The folders of all full runs in the project `root`. */
export function runFolders(root: string): string[] {
  return runIds(root).flatMap((id) =>
    runSeeds(root, id).map((seed) => join(root, RUNS, id, `seed-${seed}`))
  );
}

/** The argument of a command that names the experiment with an id: `module.ts#name`. */
export function specOf(id: string): string {
  const [module, name] = id.split("#");
  return name === undefined ? `${module}.ts` : `${module}.ts#${name}`;
}

/** A run that a path names. */
export interface NamedRun {
  /** The experiment's id. */
  readonly id: string;
  /** The seed. `undefined` if the path is the folder of all runs of the experiment. */
  readonly seed: number | undefined;
}

/**
 * The run whose folder a path is, or is in. `undefined` if it is no run's. Throws a `Failure` (exit
 * 2) if the run is a quick one or was put aside.
 */
export function runOfPath(root: string, path: string): NamedRun | undefined {
  const inside = relative(join(root, RUNS), resolve(path)).split(sep).join("/");
  const id = runIds(root).findLast((id) => inside === id || inside.startsWith(`${id}/`));
  if (id === undefined) return undefined;
  const [name] = inside.slice(id.length + 1).split("/");
  if (name === "") return { id, seed: undefined };
  // The folder of an experiment below this one, such as `kd/hot.ts`, that has no full run.
  if (!name.startsWith("seed-")) return undefined;
  const [, seed] = name.match(SEED) ?? [];
  if (seed !== undefined) return { id, seed: Number(seed) };
  const full = runSeeds(root, id).map((seed) => `seed-${seed}`).join(" or ");
  throw new Failure(2, `${path} is no full run: name ${full} of ${join(RUNS, id)}`);
}
