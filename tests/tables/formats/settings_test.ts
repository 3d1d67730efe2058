import { assertEquals, assertMatch } from "@std/assert";
import { synthetic } from "../../../datasets/synthetic.ts";
import { mixup } from "../../../lib/data/mix.ts";
import { crd } from "../../../lib/distillers/crd.ts";
import { fitnets } from "../../../lib/distillers/fitnets.ts";
import { kd } from "../../../lib/distillers/kd.ts";
import { sakd } from "../../../lib/distillers/sakd.ts";
import { scratch } from "../../../lib/distillers/scratch.ts";
import { type Experiment, experiment, from } from "../../../lib/experiment/experiment.ts";
import { resnet20, resnet8 } from "../../../lib/networks/resnet.ts";
import { vgg13, vgg8 } from "../../../lib/networks/vgg.ts";
import { sgd } from "../../../lib/optimizers/sgd.ts";
import { methodSettings, tableSettings } from "../../../lib/tables/formats/settings.ts";
import type { LabelledOutcome } from "../../../lib/tables/own_rows.ts";
import {
  META,
  outcomeOf,
  renderOwnTable,
  schedule,
  student,
  taught,
  unfold,
} from "../../support/toy_outcomes.ts";

const dataset = synthetic();
const rated = (lr: number, batch = 64) => sgd({ epochs: 2, batch, lr });
const big = (student: typeof vgg13 | typeof resnet20) =>
  experiment(import.meta, { dataset, student, distiller: scratch(), schedule: rated(0.05) });
const teachers = { vgg13: big(vgg13), resnet20: big(resnet20) };
const students = { vgg8, resnet8 };

/** A row's outcome on a pair. */
const cell = (
  label: string,
  teacher: keyof typeof teachers,
  student: keyof typeof students,
  schedule: Experiment["schedule"],
): LabelledOutcome => [
  label,
  {
    experiment: experiment(import.meta, {
      dataset,
      teacher: from(teachers[teacher]),
      student: students[student],
      distiller: kd(),
      schedule,
    }),
    path: "a.ts",
    measured: [],
    stale: 0,
    quick: 0,
  },
];

/** The lines of schedules: the names, and the batch size and the learning rate of the setting. */
const schedules = (rows: readonly LabelledOutcome[]): string[] =>
  tableSettings(rows).replaceAll(/\n {2}/g, " ").split("\n").filter((line) =>
    line.includes("sgd (")
  )
    .map((line) => line.replace(/sgd \(epochs 2, batch (\d+), lr ([\d.]+),.*/, "$1 $2"));

Deno.test("settings: grouped by pair if neither rows nor students have one setting each", () => {
  const rows = ["a", "b"].flatMap((label) => [
    cell(label, "vgg13", "vgg8", rated(0.05)),
    cell(label, "resnet20", "vgg8", rated(0.01)),
    cell(label, "resnet20", "resnet8", rated(0.01)),
  ]);
  assertEquals(schedules(rows), [
    "- vgg13 → vgg8: 64 0.05",
    "- resnet20 → vgg8, resnet20 → resnet8: 64 0.01",
  ]);
});

Deno.test("settings: a row's exceptions on some pairs follow the common settings, each name once", () => {
  const slow = (label: string, batch: number) => [
    cell(label, "vgg13", "vgg8", rated(0.05)),
    cell(label, "vgg13", "resnet8", rated(0.01)),
    cell(label, "resnet20", "resnet8", rated(0.01, batch)),
    // A pair may have several columns.
    cell(label, "resnet20", "resnet8", rated(0.01, batch)),
  ];
  const rows = [
    ...slow("a", 64),
    ...slow("b", 64),
    ...slow("c", 64),
    ...slow("nst", 32),
    ...slow("sakd_nst", 32),
  ];
  assertEquals(schedules(rows), [
    "- vgg8: 64 0.05",
    "- resnet8: 64 0.01",
    "- but nst, sakd_nst on resnet20 → resnet8: 32 0.01",
  ]);
  const apart = [
    ...slow("a", 64),
    ...slow("b", 64),
    ...slow("nst", 32),
    cell("sp", "vgg13", "resnet8", rated(0.01, 32)),
  ];
  assertEquals(schedules(apart).slice(2), [
    "- but nst on resnet20 → resnet8; sp on vgg13 → resnet8: 32 0.01",
  ]);
});

Deno.test("settings: one row's exception does not list the others", () => {
  const rows = ["a", "b", "c"].flatMap((label) => [
    cell(label, "vgg13", "vgg8", rated(0.05)),
    cell(label, "resnet20", "resnet8", rated(0.05, label === "c" ? 32 : 64)),
  ]);
  assertEquals(schedules(rows), ["- 64 0.05", "- but c on resnet20 → resnet8: 32 0.05"]);
});

Deno.test("settings: further lines come last, and without rows there are no lines", () => {
  const text = tableSettings([cell("a", "vgg13", "vgg8", rated(0.05))], ["a: kd*"]);
  assertEquals(text.split("\n").at(-1), "- a: kd\\*");
  assertEquals(tableSettings([]), "");
});

const shared = { dataset: synthetic(), schedule: sgd({ epochs: 2, batch: 4, lr: 0.1 }) };
const teacher = experiment(import.meta, { ...shared, student: resnet20, distiller: scratch() });
const pair = { ...shared, teacher: from(teacher), student: resnet8 };

const labelled = (rows: Readonly<Record<string, Experiment>>): LabelledOutcome[] =>
  Object.entries(rows).map(([label, experiment]) => [
    label,
    { experiment, path: "a.ts", measured: [], stale: 0, quick: 0 },
  ]);

Deno.test("method settings: equal options share a line, methods without options have none", () => {
  const lines = methodSettings(labelled({
    teacher,
    kd: experiment(import.meta, { ...pair, distiller: kd() }),
    crd: experiment(import.meta, { ...pair, distiller: crd({ negatives: 7 }) }),
    longer: experiment(import.meta, { ...pair, distiller: kd() }),
  }));
  assertEquals(lines.map((line) => line.replace(/dimensions.*(negatives \d+).*/, "$1")), [
    "kd, longer: kd (temperature 4, ce 0.1, kd 0.9)",
    "crd (student pooled, teacher pooled, negatives 7",
  ]);
});

Deno.test("method settings: a method's second line has only the differences, or all if the keys differ", () => {
  const method = (weight: number, routing: "adaptive" | "random") =>
    experiment(import.meta, { ...pair, distiller: sakd(fitnets({ weight }), { routing }) });
  const lines = methodSettings(labelled({
    kd: experiment(import.meta, { ...pair, distiller: kd() }),
    hot: experiment(import.meta, { ...pair, distiller: kd({ temperature: 8, kd: 2 }) }),
    standardised: experiment(import.meta, { ...pair, distiller: kd({ standardised: true }) }),
    adaptive: method(1, "adaptive"),
    random: method(2, "random"),
  }));
  assertEquals(lines.filter((line) => !line.startsWith("adaptive: sakd (method fitnets (")), [
    "kd (temperature 4, ce 0.1, kd 0.9)",
    "hot: as kd, but temperature 8, kd 2",
    "standardised: kd (temperature 2, ce 0.1, kd 9, standardised)",
    "random: as adaptive, but method fitnets (guided block2, hint block2, weight 2, ce 1), routing random",
  ]);
});

Deno.test("method settings: rows have no labels if all have one method", () => {
  const one = experiment(import.meta, { ...pair, distiller: kd() });
  assertEquals(methodSettings(labelled({ a: one, b: one })), [
    "kd (temperature 4, ce 0.1, kd 0.9)",
  ]);
  assertEquals(methodSettings(labelled({ teacher })), []);
});

Deno.test("settings: rows with different settings have lines of their own", () => {
  const longer = experiment(META, {
    dataset,
    student: vgg8,
    distiller: scratch(),
    schedule: sgd({ epochs: 9, batch: 4, lr: 0.1 }),
  });
  const markdown = renderOwnTable([["a", outcomeOf(student, [])], ["b", outcomeOf(longer, [])], [
    "c",
    outcomeOf(taught, []),
  ]]);
  assertMatch(unfold(markdown), /^- a, c: synthetic .*epochs 2/m);
  assertMatch(unfold(markdown), /^- b: synthetic .*epochs 9/m);
});

Deno.test("settings: if rows have several, data sets are listed by row and schedules by student", () => {
  const slow = sgd({ epochs: 2, batch: 4, lr: 0.01 });
  const mixed = synthetic({ mix: mixup() });
  const run = (
    student: Experiment["student"],
    schedule: Experiment["schedule"],
    data: Experiment["dataset"],
  ) => outcomeOf({ ...taught, student, schedule, dataset: data }, []);
  const markdown = unfold(renderOwnTable([
    ["a", run(vgg8, schedule, dataset)],
    ["a", run(resnet8, slow, dataset)],
    ["b", run(vgg8, schedule, mixed)],
    ["b", run(resnet8, slow, mixed)],
  ]));
  for (
    const line of [
      /^- a: synthetic (?!.*mixup)/m,
      /^- b: synthetic .*mixup/m,
      /^- vgg8: sgd .*lr 0\.1,/m,
      /^- resnet8: sgd .*lr 0\.01/m,
    ]
  ) {
    assertMatch(markdown, line);
  }
});
