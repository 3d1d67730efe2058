import { assertEquals } from "@std/assert";
import { cifar100 } from "../../datasets/cifar.ts";
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
import { mobilenetv2 } from "../../lib/networks/mobilenet.ts";
import { resnet20, resnet8 } from "../../lib/networks/resnet.ts";
import type { Net } from "../../lib/nn/network.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import type { Metric } from "../../lib/project/metric.ts";
import { type LabelledOutcome, ownRows } from "../../lib/tables/own_rows.ts";
import { comparisons, pairedRows } from "../../lib/tables/paired.ts";
import { rankOrder } from "../../lib/tables/rank_order.ts";
import { classification } from "../../lib/tasks/classification.ts";
import type { Task } from "../../lib/tasks/task.ts";
import {
  cellsOf,
  other as taughtResnet8,
  outcomeOf,
  renderOwnTable,
  student as vgg8Alone,
  taught as taughtVgg8,
} from "../support/toy_outcomes.ts";
import { trial } from "../support/trial.ts";

const shared = { dataset: synthetic(), schedule: sgd({ epochs: 2, batch: 4, lr: 0.1 }) };
const alone = () => experiment(import.meta, { ...shared, student: resnet20, distiller: scratch() });
const student = (teacher: Teacher<typeof resnet20>) =>
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

/** The labels of the best rows of a column. */
const bests = (rows: readonly LabelledOutcome[], metric: string): string[] => {
  const own = ownRows(rows);
  const column = own.columns.findIndex((one) => one.metric === metric);
  return own.rows.filter(({ cells }) => cells[column]?.best).map(({ label }) => label);
};

Deno.test("own rows: distances from a teacher are compared only with others from the same weights", () => {
  const teacher = alone();
  const other = alone();
  const file = "resnet20.pth";
  const rows = [
    row("far", student(from(teacher)), 70, 0.5),
    row("near", student(from(teacher)), 71, 0.4),
    row("other", student(from(other)), 72, 0.1),
    row("second", student(from(teacher, { seed: 2 })), 73, 0.2),
    row("early", student(from(teacher, { epoch: 1 })), 74, 0.3),
    row("best", student(from(teacher, { epoch: "best" })), 69, 0.35),
    row("given", student(weights(resnet20, { file })), 68, 0.6),
    row("given_again", student(weights(resnet20, { file })), 67, 0.05),
  ];
  assertEquals(bests(rows, "kl"), ["near", "given_again"]);
  assertEquals(bests(rows, "top1"), ["early"]);
});

Deno.test("own rows: a teacher has its name in `names`, else its network's id", () => {
  const named = from(alone());
  const unnamed = from(alone());
  const { rows } = ownRows(
    [row("a", student(named), 70, 1), row("b", student(unnamed), 70, 1)],
    new Map([[named, "N"]]),
  );
  assertEquals(rows.map(({ teachers }) => teachers), [["N"], ["resnet20"]]);
});

Deno.test("own rows: titles, decimals and the better side come from the experiments' task", () => {
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
  const texts = rows.map(({ cells }) => cells.map((cell) => cell && [cell.text, cell.best]));
  assertEquals(texts, [
    [["40.1 (1)", true], ["41.0", false], ["0.250", true]],
    [["40.1 (1)", true], ["41.3", true], ["0.250", true]],
    [undefined, undefined, undefined],
  ]);
  assertEquals(pairedRows(comparisons(labelled, ["a"])), [
    ["", "Δ mAP, last", "95 % interval", "seeds", "verdict"],
    ["b − a", "+0.1", "—", "1", "one seed"],
  ]);
  assertEquals(ownRows([]), { columns: [], rows: [] });

  // A paper prints another measure, which only one of the two tasks has.
  const values = new Map(["a", "classifier"].map((label) => [label, { mean: 70 }]));
  const printed = { title: "P", source: "t1", metric: "top1", epoch: "last", values } as const;
  const mixed = [labelled[0], ["classifier", outcomeOf(alone(), [trial(1, 60)])] as const];
  assertEquals(
    ownRows(mixed, undefined, [printed]).rows.map(({ papers }) => papers.map((one) => one?.text)),
    [[undefined], ["70.00"]],
  );
  assertEquals(rankOrder(mixed, printed), undefined);
});

Deno.test("own rows: only rows of one student are compared", () => {
  const small = { ...taughtResnet8, teachers: [] };
  const rows = [
    outcomeOf(vgg8Alone, [trial(1, 70)]),
    outcomeOf(taughtVgg8, [trial(1, 72)]),
    outcomeOf(small, [trial(1, 60)]),
  ];
  const cells = cellsOf(renderOwnTable(rows.map((one, i) => [`${i}`, one]))).map((row) => row[3]);
  assertEquals(cells.slice(1), ["70.00 (1)", "**72.00 (1)**", "60.00 (1)"]);
});

Deno.test("own rows: the best is one of each student with its options, on each data set", () => {
  const of = (student: Net, dataset: Experiment["dataset"] = shared.dataset) =>
    experiment(import.meta, { ...shared, dataset, student, distiller: scratch() });
  const rows = [
    row("half", of(mobilenetv2({ width: 0.5 })), 60, 0),
    row("full", of(mobilenetv2({ width: 1 })), 70, 0),
    row("full_again", of(mobilenetv2({ width: 1 })), 69, 0),
    row("other_data", of(mobilenetv2({ width: 1 }), cifar100()), 40, 0),
    row("other_images", of(mobilenetv2({ width: 1 }), synthetic({ classes: 4 })), 80, 0),
  ];
  assertEquals(bests(rows, "top1"), ["full"]);
});
