/** The modules and experiments in `experiments/`. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Experiment, isExperiment } from "../../lib/experiment/experiment.ts";

const folder = fileURLToPath(new URL("../../experiments", import.meta.url));

/** Lists the path of every module, folder by folder. */
export async function experimentModules(below = folder): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(below)) {
    const path = join(below, name);
    if (isDirectory) paths.push(...await experimentModules(path));
    else if (name.endsWith(".ts")) paths.push(path);
  }
  return paths;
}

/**
 * Loads every exported experiment once. Leaves the examples out, because another test runs them.
 */
export async function allExperiments(): Promise<Set<Experiment>> {
  const found = new Set<Experiment>();
  const paths = (await experimentModules()).filter((path) =>
    !path.startsWith(join(folder, "examples/"))
  );
  for (const path of paths.sort()) {
    const { default: standard, ...named } = await import(path);
    const record = typeof standard === "object" && !isExperiment(standard)
      ? standard
      : { standard };
    for (const value of Object.values({ ...record, ...named })) {
      if (isExperiment(value)) found.add(value);
    }
  }
  return found;
}
