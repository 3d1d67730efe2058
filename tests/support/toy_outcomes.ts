/** Experiments, outcomes and a paper for tests of tables, all of them in memory. */
import { synthetic } from "../../datasets/synthetic.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { type Experiment, experiment, from } from "../../lib/experiment/experiment.ts";
import { resnet8 } from "../../lib/networks/resnet.ts";
import { vgg13, vgg8 } from "../../lib/networks/vgg.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { type Outcome, sortTrials } from "../../lib/project/outcome.ts";
import type { Trial } from "../../lib/project/result.ts";
import type { FilledOwnTable } from "../../lib/tables/filled_tables.ts";
import { tableMarkdown } from "../../lib/tables/formats/markdown_tables.ts";
import type { LabelledOutcome } from "../../lib/tables/own_rows.ts";
import { type Paper, parsePaper } from "../../lib/tables/paper.ts";

/** The module that declares the experiments. */
export const META = { url: "file:///p/a.ts" } as const;

/** The experiments' data set. */
export const dataset: Experiment["dataset"] = synthetic();

/** The experiments' schedule. */
export const schedule: Experiment["schedule"] = sgd({
  epochs: 2,
  batch: 4,
  lr: 0.1,
  drops: { at: [1], by: 0.1 },
});

/** VGG-13 trained alone. */
export const teacher = experiment(META, {
  dataset,
  student: vgg13,
  distiller: scratch(),
  schedule,
});

/** VGG-8 trained alone. */
export const student = experiment(META, { dataset, student: vgg8, distiller: scratch(), schedule });

/** VGG-8 trained by KD from `teacher`. */
export const taught = experiment(META, {
  dataset,
  teacher: from(teacher),
  student: vgg8,
  distiller: kd(),
  schedule,
});

/** ResNet-8 trained by KD from `student`. */
export const other = experiment(META, {
  dataset,
  teacher: from(student),
  student: resnet8,
  distiller: kd(),
  schedule,
});

/** The declaration hash of trials that are not stale; `trial` uses it. */
const HASH = "a".repeat(64);

/** The outcome of an experiment with these trials. */
export const outcomeOf = (experiment: Experiment, trials: readonly Trial[]): Outcome => ({
  experiment,
  path: "a.ts",
  ...sortTrials(trials, HASH),
});

/** A paper with one table, `t1`. */
export const PAPER_YAML = `
paper: { title: "A_*", authors: [A, B], venue: V, year: 2020 }
tables:
  - id: t1
    title: One
    metric: top1
    columns: [{ teacher: vgg13, student: vgg8 }, { teacher: resnet20, student: resnet8 }]
    rows:
      - { method: teacher, values: [74.64, 72] }
      - { method: student, printed: S*, values: [70.36, null] }
      - { method: kd, values: [72.98, { mean: 60.17, std: 0.1 }] }
      - { method: slkd, values: [75.01, 62.05] }
      - { method: gain, kind: delta, of: slkd, over: kd, values: [2.03, -1.88] }
`;

/** Parses a paper. Default: `PAPER_YAML`. */
export const parseToyPaper = (yaml = PAPER_YAML): Paper => parsePaper(yaml, "paper.yaml");

/** The paper's table as markdown, filled with each row's outcomes in the order of the columns. */
export const renderPaperTable = (
  outcomes: Record<string, readonly (Outcome | undefined)[]>,
  { tables: [table] } = parseToyPaper(),
): string =>
  tableMarkdown({
    kind: "paper",
    table,
    at: (row, column) => outcomes[row.method]?.[table.columns.indexOf(column)],
  });

/** A table of our own with these rows. Default of `against`: none. */
export const ownTableOf = (
  rows: readonly LabelledOutcome[],
  against: readonly string[] = [],
): FilledOwnTable => ({
  kind: "own",
  id: "ours",
  title: "Ours",
  rows,
  against,
  names: new Map(),
  printed: [],
});

/** Such a table as markdown. */
export const renderOwnTable = (...table: Parameters<typeof ownTableOf>): string =>
  tableMarkdown(ownTableOf(...table));

/** The cells of a markdown table, from the header on, without the rule. */
export function cellsOf(markdown: string): string[][] {
  const lines = markdown.split("\n").filter((line) => line.startsWith("| "));
  return lines.filter((_, i) => i !== 1).map((line) =>
    line.slice(2, -2).split(" | ").map((cell) => cell.trim())
  );
}

/** The numbers of a cell, without footnote marks and links. */
export function numbersIn(cell: string): number[] {
  const text = cell.replace(/<sup>\d+<\/sup>|\]\([^)]*\)/g, "").replaceAll("−", "-");
  return Array.from(text.matchAll(/[-+]?\d+(\.\d+)?/g), ([number]) => Number(number));
}

/** Joins the lines of each list item. */
export const unfold = (markdown: string): string => markdown.replace(/\n {2}/g, " ");
