/**
 * `deno task tables`: writes the README of every folder of experiments that has a `tables.ts`, or
 * prints its tables as CSV or LaTeX.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { atomicWrite, removeUnfinished } from "../files/atomic_write.ts";
import { Leases } from "../files/lease.ts";
import { checkTypes } from "../project/check_types.ts";
import { runCommand } from "../terminal/command.ts";
import { csvTables } from "../tables/formats/csv_tables.ts";
import { Failure } from "../values/failure.ts";
import { filledTables } from "../tables/filled_tables.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { latexTable } from "../tables/formats/latex_tables.ts";
import { writeReadme } from "../tables/formats/readme.ts";
import { tableFolder, tableFolders } from "../project/find_tables.ts";

const FLAGS = {
  check: { type: "boolean", help: "write nothing. Exit 1 if a README is out of date" },
  format: {
    type: "string",
    choices: ["markdown", "csv", "latex"],
    help:
      "output format: markdown writes READMEs, csv and latex print the tables. Default: markdown",
  },
} as const satisfies Spec;

/**
 * Writes the READMEs of the named folders, or of all in `experiments/`. With `--check` it only
 * compares them. With `--format csv` or `latex` it prints the tables. `checkModules` checks the
 * types of the modules that declare them. Rejects with a `Failure`: exit 1 if READMEs are out of
 * date, exit 2 or 3 if a declaration or a result is wrong.
 */
export async function runTables(
  args: readonly string[],
  print: (line: string) => void = console.log,
  checkModules: typeof checkTypes = checkTypes,
): Promise<void> {
  const { check, format = "markdown", help, _: names } = parseFlags(args, FLAGS);
  if (help) return print(helpText("deno task tables [folder…]", FLAGS));
  const folders = names.length > 0 ? names.map((name) => tableFolder(name)) : tableFolders();
  await checkModules(folders.map((folder) => join(folder, "tables.ts")));
  if (format === "markdown") return await writeReadmes(folders, check, print);
  if (check) {
    throw new Failure(
      2,
      `--check compares READMEs, --format ${format} prints tables: leave one of them out`,
    );
  }
  const tables = (await Promise.all(folders.map(filledTables))).flatMap(({ tables }) => tables);
  print(format === "csv" ? csvTables(tables) : tables.map(latexTable).join("\n\n"));
}

async function writeReadmes(
  folders: readonly string[],
  check: boolean,
  print: (line: string) => void,
): Promise<void> {
  const old: string[] = [];
  for (const folder of folders) {
    const path = join(folder, "README.md");
    const name = relative(Deno.cwd(), path);
    const read = async () => existsSync(path) ? await Deno.readTextFile(path) : "";
    const current = await read();
    if (await writeReadme(folder, current) === current) print(`${name} is up to date`);
    else if (check) old.push(name);
    else {
      using _lock = await new Leases().wait(`${path}.lock`, console.error);
      await removeUnfinished(folder, "README.md.");
      // Another process may have written a newer table meanwhile.
      await atomicWrite(path, await writeReadme(folder, await read()));
      print(`${name} written`);
    }
  }
  if (old.length > 0) {
    throw new Failure(1, `out of date: ${old.join(", ")}; deno task tables writes them`);
  }
}

if (import.meta.main) await runCommand(() => runTables(Deno.args));
