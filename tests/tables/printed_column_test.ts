import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { runTables } from "../../lib/commands/tables.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needs } from "../support/needs.ts";
import { IMPORTS, project, recordToyTrial, skipTypeCheck } from "../support/toy_project.ts";
import { cellsOf, PAPER_YAML } from "../support/toy_outcomes.ts";
import { trial } from "../support/trial.ts";

const EXPERIMENTS = `${IMPORTS}
export const teacher = experiment(import.meta, { dataset, student: resnet20, distiller: scratch(), schedule });
export const alone = experiment(import.meta, { dataset, student: resnet8, distiller: scratch(), schedule });
const pair = { dataset, teacher: from(teacher), student: resnet8, schedule };
export const hot = experiment(import.meta, { ...pair, distiller: kd({ temperature: 8 }) });
export const taught = experiment(import.meta, { ...pair, distiller: kd() });
export const warm = experiment(import.meta, { ...pair, distiller: kd({ temperature: 2 }) });`;

const REFERENCE =
  `{ title: "P*", epochs: 240, paper: "../paper.yaml", table: "t1", teacher: "vgg13", student: "vgg8", rows: { alone: "student", kd: "kd" } }`;

/** The module of a table with a reference to printed numbers. */
const module = (reference = REFERENCE) =>
  `${IMPORTS}import { alone, hot, taught, teacher, warm } from "./own.ts";
  export default tables({ title: "T", tables: [{ id: "mine", title: "Mine",
    rows: { teacher, alone, kd: taught, slkd: hot, warm }, printed: [${reference}] }] });`;

const FILES = {
  "experiments/paper.yaml": PAPER_YAML,
  "experiments/toy/own.ts": EXPERIMENTS,
  "experiments/toy/tables.ts": module(),
};

/** Prints the table in a format. */
async function print(folder: string, format: "csv" | "latex"): Promise<string> {
  const lines: string[] = [];
  const args = ["--format", format, join(folder, "experiments/toy")];
  await runTables(args, (line) => lines.push(line), skipTypeCheck);
  return lines.join("\n");
}

/** Writes the README and returns it. */
async function readme(folder: string): Promise<string> {
  await runTables([join(folder, "experiments/toy")], () => {}, skipTypeCheck);
  return await Deno.readTextFile(join(folder, "experiments/toy/README.md"));
}

async function record(folder: string): Promise<void> {
  const all = { teacher: [80], alone: [70, 72], taught: [75, 76], hot: [73], warm: [60] };
  for (const [name, values] of Object.entries(all)) {
    for (const [i, top1] of values.entries()) {
      await recordToyTrial(folder, `experiments/toy/own.ts#${name}`, trial(i + 1, top1));
    }
  }
}

await needs(
  ["read", "write"],
  "printed column: a paper's numbers stand beside ours, by row, in a README",
  () =>
    project(FILES, async (folder) => {
      await record(folder);
      const text = await readme(folder);
      const [header, ...rows] = cellsOf(text.split("**Printed numbers**")[0]);
      assertEquals(header.at(-1), "P\\*, 240 epochs");
      assertEquals(rows.map((cells) => [cells[0], cells.at(-1)]), [
        ["[teacher](own.ts)", "74.64"],
        ["[alone](own.ts)", "70.36"],
        ["[kd](own.ts)", "72.98"],
        ["[slkd](own.ts)", "75.01"],
        ["[warm](own.ts)", "—"],
      ]);
      assertStringIncludes(text, "- P\\*, 240 epochs: t1, A, B, “A\\_\\*”, V, 2020");
      assertStringIncludes(
        text.replace(/\n {2}/g, " "),
        "- P\\*, 240 epochs: Kendall's τ 0.33 over 3 rows, ours after the last epoch. " +
          "The paper's order: slkd, kd, alone. Ours reverses slkd over kd. " +
          "With one seed this decides nothing.",
      );
      const again = await readme(folder);
      assertEquals(again, text);
    }),
);

await needs(
  ["read", "write"],
  "printed column: how the paper's rows differ from ours stands with the source",
  () => {
    const noted = REFERENCE.replace("rows: {", 'note: "Theirs are longer.", rows: {');
    return project({ ...FILES, "experiments/toy/tables.ts": module(noted) }, async (folder) => {
      assertStringIncludes(await readme(folder), "“A\\_\\*”, V, 2020. Theirs are longer.\n");
    });
  },
);

await needs(
  ["read", "write"],
  "printed column: without results there is no rank order",
  () =>
    project(FILES, async (folder) => {
      const text = await readme(folder);
      assertStringIncludes(text, "74.64");
      assertEquals(text.includes("Rank order"), false);
    }),
);

await needs(
  ["read", "write"],
  "printed column: CSV has a line for each printed number",
  () =>
    project(FILES, async (folder) => {
      await record(folder);
      const [header, ...lines] = (await print(folder, "csv")).split("\n");
      const at = header.split(",").indexOf("paper_mean");
      const printed = lines.filter((line) => line.includes("240 epochs"))
        // The comma in the heading is one of the line's.
        .map((line) => line.split(",")).map((fields) => [fields[3], fields[at + 1]]);
      assertEquals(printed, [
        ["teacher", "74.64"],
        ["alone", "70.36"],
        ["kd", "72.98"],
        ["slkd", "75.01"],
      ]);
    }),
);

await needs(
  ["read", "write"],
  "printed column: LaTeX has the column and says its source",
  () =>
    project(FILES, async (folder) => {
      await record(folder);
      const text = await print(folder, "latex");
      assertStringIncludes(text, "& P{*}, 240 epochs \\\\");
      assertStringIncludes(text, "% P*, 240 epochs: t1, A, B, “A_*”, V, 2020");
      assertStringIncludes(text, "Ours reverses slkd over kd.");
      assertEquals(text.match(/& 75\.01 \\\\/g)?.length, 1);
    }),
);

await needs(
  ["read", "write"],
  "printed column: a reference to what is not there is named",
  async () => {
    for (
      const [from, to, message] of [
        ["../paper.yaml", "../papers.yaml", "papers.yaml: there is no such file"],
        ['"t1"', '"t2"', "the paper has no table t2; it has t1"],
        [
          '"vgg8"',
          '"vgg11"',
          "there is no column vgg13 → vgg11 (top1); there are vgg13 → vgg8 (top1), " +
          "resnet20 → resnet8 (top1)",
        ],
        ["{ alone:", "{ alon:", "we have no row alon; did you mean alone?"],
        ['kd: "kd"', 'kd: "gain"', "the paper has no row gain; it has teacher, student, kd, slkd"],
      ] as const
    ) {
      const files = { ...FILES, "experiments/toy/tables.ts": module(REFERENCE.replace(from, to)) };
      await project(files, async (folder) => {
        const failure = await assertRejects(() => readme(folder), Failure);
        assertEquals(failure.exit, 2);
        assertStringIncludes(failure.message, message);
      });
    }
  },
);
