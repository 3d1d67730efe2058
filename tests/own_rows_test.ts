import { assertEquals } from "@std/assert";
import { synthetic } from "../datasets/synthetic.ts";
import { kd } from "../lib/distillers/kd.ts";
import { scratch } from "../lib/distillers/scratch.ts";
import { type Experiment, experiment, from, type Teacher } from "../lib/experiment.ts";
import { resnet20, resnet8 } from "../lib/networks/resnet.ts";
import { ownRows } from "../lib/own_rows.ts";
import { sgd } from "../lib/optimizers/sgd.ts";
import type { Labelled } from "../lib/table_settings.ts";
import { weights } from "../lib/weights.ts";
import { trial } from "./trial.ts";

const shared = { dataset: synthetic(), schedule: sgd({ epochs: 2, batch: 4, lr: 0.1 }) };
const alone = () => experiment(import.meta, { ...shared, student: resnet20, distiller: scratch() });
const taught = (teacher: Teacher<typeof resnet20>) =>
  experiment(import.meta, { ...shared, teacher, student: resnet8, distiller: kd() });

const row = (label: string, experiment: Experiment, top1: number, kl: number): Labelled => [
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
const bests = (rows: readonly Labelled[], metric: string): string[] => {
  const own = ownRows(rows), column = own.columns.findIndex((one) => one.metric === metric);
  return own.rows.filter(({ cells }) => cells[column]?.best).map(({ label }) => label);
};

Deno.test("own rows: distances from a teacher are compared with others from the same weights only", () => {
  const teacher = alone(), other = alone(), file = "resnet20.pth";
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
  const named = from(alone()), plain = from(alone());
  const { rows } = ownRows([row("a", taught(named), 70, 1), row("b", taught(plain), 70, 1)], new Map([[named, "N"]]));
  assertEquals(rows.map(({ teachers }) => teachers), [["N"], ["resnet20"]]);
});
