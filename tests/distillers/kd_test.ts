import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { BuildContext, StepContext } from "../../lib/experiment/distiller.ts";
import { kd, type KdOptions } from "../../lib/distillers/kd.ts";
import { canonical } from "../../lib/values/json.ts";
import type { Scorer } from "../../lib/nn/network.ts";
import { classificationLoss } from "../../lib/tasks/classification.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";

await method("kd", () => kd());
await method("kd of standardised logits", () => kd({ standardised: true }));
masks("kd of standardised logits", () => kd({ standardised: true }), {
  student: { logits: [5] },
  teacher: { logits: [5] },
});

const STUDENT = [[1, 2, 0.5], [3, -1, 0], [0, 0.3, 1], [2, 2, -2]];
const TEACHER = [[0, 1, 2], [3, -1, 1], [5, 0, 0], [-1, 1, 0]];
const LABELS = [1, 0, 2, 1];

/** The weighted means of the terms for these rows. */
function losses(
  options: KdOptions,
  rows: readonly number[],
  mask?: readonly number[],
): { task: number; kd: number } {
  return tf.tidy(() => {
    const output = (logits: number[][]) => {
      const taps = { logits: tf.tensor2d(rows.map((row) => logits[row]), [rows.length, 3]) };
      return { taps, pre: taps };
    };
    const label = tf.tensor1d(rows.map((row) => LABELS[row]), "int32");
    const step = {
      student: output(STUDENT),
      teacher: output(TEACHER),
      task: classificationLoss([[label, 1]]),
      mask: (spot: string) => spot === "logits" && mask ? tf.tensor1d([...mask]) : undefined,
    } as unknown as StepContext<Scorer, Scorer>;
    const terms = kd(options).build({} as BuildContext<Scorer, Scorer>)(step);
    const mean = ([weight, values]: readonly [number, tf.Tensor]) =>
      weight * tf.mean(values).dataSync()[0];
    const { task, kd: distilled } = terms as unknown as Record<
      "task" | "kd",
      readonly [number, tf.Tensor]
    >;
    return { task: mean(task), kd: mean(distilled) };
  });
}

const softmax = (logits: readonly number[], T: number) => {
  const powers = logits.map((x) => Math.exp(x / T));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / sum);
};

Deno.test("kd is ce · CE + kd · T² · KL(teacher ‖ student), averaged over the batch", async () => {
  await tf.setBackend("cpu");
  for (const [temperature, ce, weight] of [[4, 0.1, 0.9], [1, 1, 1], [2.5, 0, 3]]) {
    const rows = [0, 1, 2, 3];
    const value = losses({ temperature, ce, kd: weight }, rows);
    const task = rows.map((i) => -Math.log(softmax(STUDENT[i], 1)[LABELS[i]]));
    const divergence = rows.map((i) => {
      const q = softmax(STUDENT[i], temperature);
      const p = softmax(TEACHER[i], temperature);
      return temperature ** 2 * p.reduce((sum, pc, c) => sum + pc * Math.log(pc / q[c]), 0);
    });
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
    assertAlmostEquals(value.task, ce * mean(task), 1e-5);
    assertAlmostEquals(value.kd, weight * mean(divergence), 1e-4);
  }
});

Deno.test("kd with a mask is the loss of the chosen samples times their share, from none to all", async () => {
  await tf.setBackend("cpu");
  for (const mask of [[0, 0, 0, 0], [0, 0, 1, 0], [1, 0, 1, 0], [1, 1, 1, 1]]) {
    const chosen = [0, 1, 2, 3].filter((i) => mask[i] === 1);
    const share = chosen.length / 4;
    const expected = chosen.length === 0 ? 0 : losses({}, chosen).kd * share;
    assertAlmostEquals(losses({}, [0, 1, 2, 3], mask).kd, expected, 1e-5);
  }
});

Deno.test("kd declares its options, defaults too", () => {
  assertEquals(canonical(kd({ ce: 1 }).options), canonical({ temperature: 4, ce: 1, kd: 0.9 }));
  assertEquals(kd({ standardised: true }).options, {
    temperature: 2,
    ce: 0.1,
    kd: 9,
    standardised: true,
  });
});
