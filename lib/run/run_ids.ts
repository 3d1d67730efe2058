import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";

/** Where a project keeps its runs. */
export const RUNS = "runs";

const SEED = /^seed-(\d+)$/;

/** The ids of the experiments that have a full run in the project `root`, in order. */
export function runIds(root: string): string[] {
  const within = (folder: string): string[] => {
    const entries = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory());
    if (entries.some(({ name }) => SEED.test(name))) return [relative(join(root, RUNS), folder)];
    return entries.flatMap(({ name }) => within(join(folder, name)));
  };
  const all = join(root, RUNS);
  return existsSync(all) ? within(all).map((id) => id.split(sep).join("/")).sort() : [];
}

/** The seeds of the full runs of an experiment in the project `root`, in ascending order. */
export function runSeeds(root: string, id: string): number[] {
  const folder = join(root, RUNS, id);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.flatMap((name) => {
    const [, seed] = name.match(SEED) ?? [];
    return seed === undefined ? [] : [Number(seed)];
  }).sort((a, b) => a - b);
}

/** The argument of a command that names the experiment with an id: `module.ts#name`. */
export function specOf(id: string): string {
  const [module, name] = id.split("#");
  return name === undefined ? `${module}.ts` : `${module}.ts#${name}`;
}

/** The id of the run whose folder a path is, or is in. `undefined` if it is no run's. */
export function idOfRun(root: string, path: string): string | undefined {
  const inside = relative(join(root, RUNS), resolve(path));
  return runIds(root).find((id) => {
    const folder = id.split("/").join(sep);
    return inside === folder || inside.startsWith(folder + sep);
  });
}
