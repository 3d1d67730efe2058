import { existsSync, readdirSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { userFolder } from "../files/user_path.ts";
import { didYouMean } from "../values/suggest.ts";
import { Failure } from "../values/failure.ts";
import { rootAround } from "./identify.ts";
import { importModule } from "./import_module.ts";
import { isTables, type KnownTables } from "../experiment/tables.ts";

/**
 * Lists the folders with a `tables.ts` in the `experiments/` of the project around `within`. Throws
 * a `Failure` (exit 2) outside a project.
 */
export function tableFolders(within: string = userFolder()): string[] {
  const all = join(rootAround(resolve(within)), "experiments");
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
 * Finds the folder of tables that the command line names, by its path or by its name in
 * `experiments/`, in any case. Throws a `Failure` (exit 2) that lists the folders if there is none.
 */
export function tableFolder(named: string, within: string = userFolder()): string {
  const path = resolve(within, named);
  if (existsSync(join(path, "tables.ts"))) return path;
  const all = tableFolders(within);
  const names = all.map((folder) => basename(folder));
  const found = names.findIndex((name) => name.toLowerCase() === named.toLowerCase());
  if (found >= 0) return all[found];
  const meant = didYouMean(basename(named).toLowerCase(), names);
  const others = names.length > 0
    ? `there are tables of ${names.join(", ")}`
    : "there are no others here either";
  throw new Failure(2, `there are no tables of ${named}; ${others}${meant}`);
}

/** Tables, and the path of the module that declares them. */
export interface DeclaredTables {
  readonly module: string;
  readonly declared: KnownTables;
}

/** Reads a folder's `tables.ts`. Rejects with a `Failure` (exit 2) if it declares no tables. */
export async function readTables(folder: string): Promise<DeclaredTables> {
  const module = join(folder, "tables.ts");
  const { default: declared } = await importModule(module);
  if (!isTables(declared)) {
    throw new Failure(2, `${module} exports no tables: \`export default tables({ … })\``);
  }
  return { module, declared };
}
