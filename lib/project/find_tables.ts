import { existsSync, readdirSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { didYouMean } from "../values/suggest.ts";
import { Failure } from "../values/failure.ts";
import { projectRoot } from "./identify.ts";
import { importModule } from "./import_module.ts";
import { isTables, type KnownTables } from "../experiment/tables.ts";

/**
 * Every folder in the `experiments/` of the project around `within` that has a `tables.ts`. Throws
 * a `Failure` (exit 2) outside of a project.
 */
export function tableFolders(within: string = Deno.cwd()): string[] {
  const all = join(projectRoot(pathToFileURL(resolve(within, "tables.ts")).href), "experiments");
  if (!existsSync(all)) {
    throw new Failure(
      2,
      `there is no ${relative(Deno.cwd(), all)}/: run this in the project, or name a folder`,
    );
  }
  return readdirSync(all).sort().map((name) => join(all, name)).filter((folder) =>
    existsSync(join(folder, "tables.ts"))
  );
}

/**
 * The folder of tables that the command line names: by its path, or by its name in `experiments/`
 * in whatever case. Throws a `Failure` (exit 2) that says which there are.
 */
export function tableFolder(named: string, within: string = Deno.cwd()): string {
  const path = resolve(within, named);
  if (existsSync(join(path, "tables.ts"))) return path;
  const all = tableFolders(within);
  const names = all.map((folder) => basename(folder));
  const found = names.findIndex((name) => name.toLowerCase() === named.toLowerCase());
  if (found >= 0) return all[found];
  const meant = didYouMean(basename(named).toLowerCase(), names);
  throw new Failure(
    2,
    `there are no tables of ${named}; there are those of ${names.join(", ")}${meant}`,
  );
}

/** Tables, and the path of the module that declares them. */
export interface DeclaredTables {
  /** The path of the module. */
  readonly module: string;
  /** What it declares. */
  readonly declared: KnownTables;
}

/** What a folder's `tables.ts` declares. Rejects with a `Failure` (exit 2) where it does not. */
export async function declaredTables(folder: string): Promise<DeclaredTables> {
  const module = join(folder, "tables.ts");
  const { default: declared } = await importModule(module);
  if (!isTables(declared)) {
    throw new Failure(2, `${module} exports no tables: \`export default tables({ … })\``);
  }
  return { module, declared };
}
