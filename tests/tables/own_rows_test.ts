import { assertEquals } from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import {
  type Experiment,
  experiment,
  from,
  type Teacher,
} from "../../lib/experiment/experiment.ts";
import { weights } from "../../lib/experiment/weights.ts";
import { resnet20, resnet8 } from "../../lib/networks/resnet.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import type { Metric } from "../../lib/project/metric.ts";
import { type LabelledOutcome, ownRows } from "../../lib/tables/own_rows.ts";
import { comparisons, pairedRows } from "../../lib/tables/paired.ts";
import { classification } from "../../lib/tasks/classification.ts";
import type { Task } from "../../lib/tasks/task.ts";
import { trial } from "../support/trial.ts";

const shared = { dataset: synthetic(), schedule: sgd({ epochs: 2, batch: 4, lr: 0.1 }) };
const alone = () => experiment(import.meta, { ...shared, student: resnet20, distiller: scratch() });
const taught = (teacher: Teacher<typeof resnet20>) =>
  experiment(import.meta, { ...shared, teacher, student: resnet8, distiller: kd() });

const row = (label: string, experiment: Experiment, top1: number, kl: number): LabelledOutcome => [
  label,
  {
    experiment,
    path: "a.ts",
    measured: [trial(1, top1, { metric: { ...trial(1, top1).metric, kl } })],
    stale: 0,
    quick: 0,
  },
];

/** The labels of the rows that are best in a column. */
const bests = (rows: readonly LabelledOutcome[], metric: string): string[] => {
  const own = ownRows(rows);
  const column = own.columns.findIndex((one) => one.metric === metric);
  return own.rows.filter(({ cells }) => cells[column]?.best).map(({ label }) => label);
};

Deno.test("own rows: distances from a teacher are compared with others from the same weights only", () => {
  const teacher = alone();
  const other = alone();
  const file = "resnet20.pth";
  const rows = [
    row("far", taught(from(teacher)), 70, 0.5),
    row("near", taught(from(teacher)), 71, 0.4),
    row("other", taught(from(other)), 72, 0.1),
    row("second", taught(from(teacher, { seed: 2 })), 73, 0.2),
    row("early", taught(from(teacher, { epoch: 1 })), 74, 0.3),
    row("best", taught(from(teacher, { epoch: "best" })), 69, 0.35),
    row("given", taught(weights(resnet20, { file })), 68, 0.6),
    row("given_again", taught(weights(resnet20, { file })), 67, 0.05),
  ];
  assertEquals(bests(rows, "kl"), ["near", "given_again"]);
  assertEquals(bests(rows, "top1"), ["early"]);
});

Deno.test("own rows: teachers go by the names they are given, else by their network's", () => {
  const named = from(alone());
  const plain = from(alone());
  const { rows } = ownRows(
    [row("a", taught(named), 70, 1), row("b", taught(plain), 70, 1)],
    new Map([[named, "N"]]),
  );
  assertEquals(rows.map(({ teachers }) => teachers), [["N"], ["resnet20"]]);
});

Deno.test("own rows: titles, digits and the side that is better are those of the experiments' task", () => {
  const task: Task = {
    ...classification,
    id: "boxes",
    measures: {
      miss: { title: "miss rate", decimals: 3, isPercentage: false, isLessBetter: true },
      map: { title: "mAP", decimals: 1, isPercentage: true },
    },
    primary: "map",
  };
  const boxes = { ...alone(), dataset: { ...shared.dataset, task } };
  const row = (label: string, ...metrics: Metric[]): LabelledOutcome => [label, {
    experiment: boxes,
    path: "a.ts",
    measured: metrics.map((metric, i) => trial(i + 1, 0, { metric })),
    stale: 0,
    quick: 0,
  }];
  const labelled = [
    row("a", { map: { last: 40.06, best: 41 }, miss: { last: 0.25, best: 0.25 } }),
    row("b", { map: { last: 40.14, best: 41.26 }, miss: { last: 0.2504, best: 0.2 } }),
    row("none"),
  ];
  const { columns, rows } = ownRows(labelled);
  assertEquals(columns.map(({ title }) => title), [
    "mAP, last (n)",
    "mAP, best",
    "miss rate, last",
  ]);
  const shown = rows.map(({ cells }) => cells.map((cell) => cell && [cell.text, cell.best]));
  assertEquals(shown, [
    [["40.1 (1)", true], ["41.0", false], ["0.250", true]],
    [["40.1 (1)", true], ["41.3", true], ["0.250", true]],
    [undefined, undefined, undefined],
  ]);
  assertEquals(pairedRows(comparisons(labelled, ["a"])), [
    ["", "Δ mAP, last", "95 % interval", "seeds", "verdict"],
    ["b − a", "+0.1", "—", "1", "one seed"],
  ]);
  assertEquals(ownRows([]), { columns: [], rows: [] });
});
