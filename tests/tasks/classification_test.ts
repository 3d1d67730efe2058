import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { logitsOutput, type Output, type Scorer } from "../../lib/nn/network.ts";
import { classification, hits, smoothedClassification } from "../../lib/tasks/classification.ts";
import type { Target } from "../../lib/tasks/task.ts";
import { scriptedRandom } from "../support/scripted_random.ts";

const LOGITS = [[4, 1, 0], [1, 3, 0], [0, 2, 1]];
const LABEL = [0, 2, 1];

const output = (rows: number[][] = LOGITS) => logitsOutput(tf.tensor2d(rows));
const labels = (label: number[] = LABEL) => ({ label: tf.tensor1d(label, "int32") });
const random = scriptedRandom(() => tf.scalar(0));

const numbers = (tensor: tf.Tensor) => [...tensor.dataSync()];
const logSoftmax = (row: number[]) =>
  row.map((value) => value - Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)));

async function onCpu(body: () => void): Promise<void> {
  await tf.setBackend("cpu");
  tf.tidy(body);
}

Deno.test("classification: the labels of a batch are the classes of its images", () => {
  const split = { labels: Int32Array.of(4, 5, 6, 7) };
  assertEquals(classification.readLabels(split, Int32Array.of(3, 0)), {
    label: { shape: [2], data: Int32Array.of(7, 4) },
  });
});

Deno.test("classification: the loss is the cross-entropy, and the sums count the correct images", () =>
  onCpu(() => {
    const target = classification.target(labels(), { random });
    const losses = numbers(target.loss(output()));
    for (const [i, row] of LOGITS.entries()) {
      assertAlmostEquals(losses[i], -logSoftmax(row)[LABEL[i]], 1e-5);
    }
    assertEquals(numbers(target.measure(output()).top1), [1, 0, 1]);
    assertEquals(numbers(target.given.label as tf.Tensor), LABEL);
  }));

Deno.test("classification: a step measures the KL to its teacher for each image", () =>
  onCpu(() => {
    const { measure } = classification.target(labels(), { random });
    assertEquals(Object.keys(measure(output())), ["top1"]);
    // The compiler does not let a scorer's task see such a teacher, a step of features does.
    const ofFeatures = { ...output(), taps: { map: tf.zeros([3, 2]) } } as unknown as Output<
      Scorer
    >;
    assertEquals(Object.keys(measure(output(), ofFeatures)), ["top1"]);
    const teacher = [[1, 1, 0], [0, 3, 0], [5, 0, 1]];
    const divergences = LOGITS.map((row, i) => {
      const [of, to] = [logSoftmax(teacher[i]), logSoftmax(row)];
      return of.reduce((sum, log, j) => sum + Math.exp(log) * (log - to[j]), 0);
    });
    numbers(measure(output(), output(teacher)).kl)
      .forEach((kl, i) => assertAlmostEquals(kl, divergences[i], 1e-5));
  }));

Deno.test("classification: smoothed labels give every class its share, also those of mixed images", () =>
  onCpu(() => {
    const smoothing = 0.3;
    const task = smoothedClassification(smoothing);
    const losses = numbers(task.target(labels(), { random }).loss(output()));
    const smoothed = (row: number[], label: number) =>
      -logSoftmax(row).reduce(
        (sum, log, i) => sum + log * (smoothing / 3 + (i === label ? 1 - smoothing : 0)),
        0,
      );
    const partner = [1, 2, 0];
    const pairing = { partner: tf.tensor1d(partner, "int32"), share: tf.scalar(0.25) };
    const mixed = numbers(task.target(labels(), { random, pairing }).loss(output()));
    for (const [i, row] of LOGITS.entries()) {
      const own = smoothed(row, LABEL[i]);
      assertAlmostEquals(losses[i], own, 1e-5);
      assertAlmostEquals(mixed[i], 0.25 * own + 0.75 * smoothed(row, LABEL[partner[i]]), 1e-5);
    }
    const target = task.target(labels(), { random });
    assertEquals(numbers(target.measure(output()).top1), [1, 0, 1], "a score has hard labels");
    assertEquals(numbers(target.given.label as tf.Tensor), LABEL);
  }));

Deno.test("classification: a mixed image has its own class and its partner's, by their shares", () =>
  onCpu(() => {
    const partner = [1, 2, 0];
    const share = tf.scalar(0.25);
    const mixed = classification.target(labels(), {
      random,
      pairing: { partner: tf.tensor1d(partner, "int32"), share },
    });
    const [own, other] = [LABEL, partner.map((i) => LABEL[i])]
      .map((label) => classification.target(labels(label), { random }));
    const assertShares = (of: (target: Target) => tf.Tensor) => {
      const [mix, first, second] = [mixed, own, other].map((target) => numbers(of(target)));
      mix.forEach((value, i) =>
        assertAlmostEquals(value, 0.25 * first[i] + 0.75 * second[i], 1e-5)
      );
    };
    assertShares((target) => target.loss(output()));
    assertShares((target) => target.measure(output()).top1);
    assertNotEquals(numbers(mixed.loss(output())), numbers(own.loss(output())));
  }));

Deno.test("classification: a score is in percent, and the KL to a teacher is a mean", () =>
  onCpu(() => {
    const tally = classification.tally({ labels: Int32Array.from(LABEL) });
    const teacher = [[1, 1, 0], [0, 3, 0], [5, 0, 1]];
    const arrays = (values: Readonly<Record<string, tf.Tensor>>) =>
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, Float32Array.from(value.dataSync())]),
      );
    for (const [i, row] of LOGITS.entries()) {
      const label = [LABEL[i]];
      const values = classification.evaluate(output([row]), labels(label), output([teacher[i]]));
      tally.add(arrays(values), { label: { shape: [1], data: Int32Array.from(label) } });
    }
    const { top1, top5, kl } = tally.result();
    const divergences = LOGITS.map((row, i) => {
      const [of, to] = [logSoftmax(teacher[i]), logSoftmax(row)];
      return of.reduce((sum, log, j) => sum + Math.exp(log) * (log - to[j]), 0);
    });
    assertEquals([top1, top5], [200 / 3, 100]);
    assertAlmostEquals(kl, divergences.reduce((a, b) => a + b) / 3, 1e-5);
    assertEquals(Object.keys(classification.evaluate(output(), labels())), ["top1", "top5"]);
  }));

Deno.test("classification: an examination finds the score, that of each class, and the confusions", () => {
  const examiner = classification.examine(["a", "b", "c"], {
    labels: Int32Array.from(LABEL),
  });
  const label = { shape: [3], data: Int32Array.from(LABEL) };
  examiner.add({ logits: Float32Array.from(LOGITS.flat()) }, { label });
  const { score, details, tables } = examiner.result();
  assertEquals(score, { top1: 200 / 3, top5: 100 });
  assertEquals(details, {
    perClass: [
      { class: "a", images: 1, top1: 100 },
      { class: "b", images: 1, top1: 100 },
      { class: "c", images: 1, top1: 0 },
    ],
    confusion: [[1, 0, 0], [0, 1, 0], [0, 1, 0]],
  });
  assertEquals(tables(false).map(({ rows: [titles] }) => titles), [
    ["class", "images", "top-1"],
    ["most frequent confusions", "taken for", "images"],
  ]);
  assertEquals(tables(true)[1].rows[3], ["2", "c", "0", "1", "0"]);
});

Deno.test("classification: of equal scores the first class is ahead, and NaN is no hit", () =>
  onCpu(() => {
    const rows = tf.tensor2d([[1, 5, 2, 3], [4, 4, 4, 4], [NaN, NaN, NaN, NaN], [1, 5, 2, 3]]);
    const label = tf.tensor1d([1, 1, 1, 3], "int32");
    assertEquals(numbers(hits(rows, label, 1)), [1, 0, 0, 0]);
    assertEquals(numbers(hits(rows, label, 2)), [1, 1, 0, 1]);
  }));
