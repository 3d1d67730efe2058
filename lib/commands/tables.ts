/**
 * `deno task tables`: writes the README of every folder of experiments that has a `tables.ts`, or
 * prints its tables as CSV or LaTeX.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { atomicWrite } from "../files/atomic_write.ts";
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
  check: { type: "boolean", help: "write nothing; exit 1 if a README is out of date" },
  format: {
    type: "string",
    choices: ["markdown", "csv", "latex"],
    help:
      "csv and latex print the tables and write nothing; markdown, the default, writes the READMEs",
  },
} as const satisfies Spec;

/**
 * Writes the READMEs of the named folders, or of all in `experiments/`; with `--check` only
 * compares, with `--format csv` or `latex` prints the tables. `checked` looks at the types of what
 * declares them. Rejects with a `Failure`: exit 1 names the READMEs that are out of date, 2 and 3
 * what is wrong with a declaration or a result.
 */
export async function runTables(
  args: readonly string[],
  print: (line: string) => void = console.log,
  checked: (modules: readonly string[]) => Promise<void> = checkTypes,
): Promise<void> {
  const { check, format = "markdown", help: asked, _: named } = parseFlags(args, FLAGS);
  if (asked) return print(helpText("deno task tables [folder…]", FLAGS));
  const folders = named.length > 0 ? named.map((name) => tableFolder(name)) : tableFolders();
  await checked(folders.map((folder) => join(folder, "tables.ts")));
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
    const shown = relative(Deno.cwd(), path);
    const current = existsSync(path) ? await Deno.readTextFile(path) : "";
    const wanted = await writeReadme(folder, current);
    if (wanted === current) print(`${shown} is up to date`);
    else if (check) old.push(shown);
    else {
      await atomicWrite(path, wanted);
      print(`${shown} written`);
    }
  }
  if (old.length > 0) {
    throw new Failure(1, `out of date: ${old.join(", ")}; deno task tables writes them`);
  }
}

if (import.meta.main) await runCommand(() => runTables(Deno.args));
