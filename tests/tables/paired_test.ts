import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { cifar100 } from "../../datasets/cifar.ts";
import { synthetic } from "../../datasets/synthetic.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { type Experiment, experiment, from } from "../../lib/experiment/experiment.ts";
import { resnet20, resnet8 } from "../../lib/networks/resnet.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import type { Trial } from "../../lib/project/result.ts";
import type { LabelledOutcome } from "../../lib/tables/own_rows.ts";
import { comparisons, pairedCells, pairTrials as pairedBy } from "../../lib/tables/paired.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { stream } from "../../lib/values/random.ts";
import { trial } from "../support/trial.ts";

const paired = (of: readonly Trial[], over: readonly Trial[]) =>
  pairedBy(of, over, classification, "top1");
const trials = (...top1: number[]): Trial[] => top1.map((one, seed) => trial(seed, one));

Deno.test("paired: differences seed by seed have Student's interval", () => {
  const { mean, std, n, interval, verdict } = paired(trials(71, 73, 72), trials(70, 71, 69))!;
  assertEquals([mean, std, n, verdict], [2, 1, 3, "undecided"]);
  assertAlmostEquals(interval!.low, 2 - 4.303 / Math.sqrt(3), 1e-3);
  assertAlmostEquals(interval!.high, 2 + 4.303 / Math.sqrt(3), 1e-3);
  assertEquals(paired(trials(71, 72.1, 71), trials(70, 71, 70))!.verdict, "better");
  assertEquals(paired(trials(69, 69.9, 69), trials(70, 71, 70))!.verdict, "worse");
});

Deno.test("paired: one seed has no interval, no common seed has no difference", () => {
  assertEquals(paired(trials(71), trials(70)), { mean: 1, n: 1, verdict: "one seed" });
  assertEquals(paired(trials(71), []), undefined);
  assertEquals(paired([], []), undefined);
  assertEquals(paired([trial(1, 71)], [trial(2, 70)]), undefined);
  assertEquals(paired([trial(3, 75), trial(1, 71)], [trial(1, 70), trial(2, 10)]), {
    mean: 1,
    n: 1,
    verdict: "one seed",
  });
});

/** Trials with these distances from a teacher whose file has the digest `sha256`. */
const near = (sha256: string, ...kl: number[]): Trial[] =>
  kl.map((one, seed) =>
    trial(seed, 70, {
      metric: { top1: { last: 70, best: 70 }, kl: one },
      teachers: [{ id: "teacher", seed: 1, sha256, score: {} }],
    })
  );

Deno.test("paired: less is better in a distance from teachers, which have to be the same", () => {
  const compare = (of: readonly Trial[], over: readonly Trial[]) =>
    pairedBy(of, over, classification, "kl");
  const [close, far] = [near("a", 0.1, 0.11, 0.1), near("a", 0.3, 0.3, 0.31)];
  assertEquals(compare(close, far)!.verdict, "better");
  assertEquals(compare(far, close)!.verdict, "worse");
  assertEquals(compare(close, close)!.verdict, "undecided");
  assertEquals(compare(close, near("b", 0.3, 0.3, 0.31)), undefined);
  assertEquals(compare(close, trials(70, 71)), undefined);
  const outside = (id: string, ...kl: number[]) =>
    near("a", ...kl).map((one) => ({
      ...one,
      teachers: one.teachers.map((teacher) => ({ ...teacher, id, seed: null })),
    }));
  const [own, average] = [
    outside("net:c.pth key a", 0.1, 0.2),
    outside("net:c.pth key b", 0.1, 0.2),
  ];
  assertEquals(compare(own, average), undefined, "two networks of one file");
  assertEquals(compare(own, own)!.n, 2);
  assertEquals(paired(close, near("b", 0.3))!.n, 1, "other measures need no common teacher");
});

Deno.test("paired: is printed with signs, the interval and the number of seeds", () => {
  const interval = { low: -0.5, high: 2.5 };
  assertEquals(
    pairedCells({ mean: 1, std: 1, n: 3, interval, verdict: "undecided" }, 2),
    ["+1.00", "−0.50 … +2.50", "3"],
  );
  assertEquals(pairedCells({ mean: -1, n: 1, verdict: "one seed" }, 1), [
    ...["−1.0", "—", "1"],
  ]);
});

Deno.test("paired: equal trials have a difference and an interval of 0", () => {
  const { mean, interval, verdict } = paired(trials(70, 72, 71), trials(70, 72, 71))!;
  assertEquals([mean, interval, verdict], [0, { low: 0, high: 0 }, "undecided"]);
});

Deno.test("paired: property: a shift moves the interval, an exchange mirrors it, the order of trials has no effect", () => {
  const random = stream(7, "paired");
  for (let round = 0; round < 50; round++) {
    const n = 2 + random.below(6);
    const draw = () => Array.from({ length: n }, () => 40 + random.uniform() * 20);
    const a = draw();
    const b = draw();
    const shift = random.uniform() * 30 - 15;
    const one = paired(trials(...a), trials(...b))!;
    const { low, high } = one.interval!;
    const shifted = paired(trials(...a.map((top1) => top1 + shift)), trials(...b))!;
    assertAlmostEquals(shifted.mean, one.mean + shift, 1e-9);
    assertAlmostEquals(shifted.interval!.low, low + shift, 1e-9);
    assertAlmostEquals(shifted.interval!.high, high + shift, 1e-9);
    const mirrored = paired(trials(...b), trials(...a))!;
    assertAlmostEquals(mirrored.mean, -one.mean, 1e-9);
    assertAlmostEquals(mirrored.interval!.low, -high, 1e-9);
    const opposite = { better: "worse", worse: "better" } as const;
    assertEquals(mirrored.verdict, opposite[one.verdict as "better"] ?? one.verdict);
    assertAlmostEquals(paired(trials(...a).reverse(), trials(...b))!.mean, one.mean, 1e-9);
    assert(low < one.mean && one.mean < high);
    assertEquals(one.verdict, low > 0 ? "better" : high < 0 ? "worse" : "undecided");
  }
});

const meta = { url: "file:///p/a.ts" };
const dataset = synthetic();
const schedule = sgd({ epochs: 1, batch: 4, lr: 0.1 });
const teacher = experiment(meta, { dataset, schedule, student: resnet20, distiller: scratch() });
const alone = experiment(meta, { dataset, schedule, student: resnet8, distiller: scratch() });
const taught = experiment(meta, {
  dataset,
  schedule,
  teacher: from(teacher),
  student: resnet8,
  distiller: kd(),
});

const row = (
  label: string,
  experiment: Experiment,
  measured: readonly Trial[],
): LabelledOutcome => [
  label,
  { experiment, path: "a.ts", measured, stale: 0, quick: 0 },
];

Deno.test("comparisons: each pair of rows once, without teachers and without rows that share no seed", () => {
  const rows = [
    row("teacher", teacher, trials(80)),
    row("scratch", alone, trials(70, 71)),
    row("kd", taught, trials(72)),
    row("hot", taught, trials(73, 74)),
    row("not run", taught, []),
  ];
  const found = (against: string[]) =>
    comparisons(rows, against).map((
      { label, against, paired: { mean, n } },
    ) => [label, against, mean, n]);
  assertEquals(found([]), []);
  assertEquals(found(["kd"]), [["scratch", "kd", -2, 1], ["hot", "kd", 1, 1]]);
  assertEquals(found(["scratch", "kd"]), [
    ["kd", "scratch", 2, 1],
    ["hot", "scratch", 3, 2],
    ["hot", "kd", 1, 1],
  ]);
  assertEquals(found(["not run"]), []);
  assertEquals(found(["teacher"]).map(([label]) => label), ["scratch", "kd", "hot"]);
});

Deno.test("comparisons: rows of another data set are left out", () => {
  const elsewhere = experiment(meta, {
    dataset: cifar100(),
    schedule,
    student: resnet8,
    distiller: scratch(),
  });
  const rows = [
    row("scratch", alone, trials(70, 71)),
    row("kd", taught, trials(72, 73)),
    row("elsewhere", elsewhere, trials(40, 41)),
  ];
  assertEquals(comparisons(rows, ["scratch"]).map(({ label }) => label), ["kd"]);
  assertEquals(comparisons(rows, ["elsewhere"]), []);
});
