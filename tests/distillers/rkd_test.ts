import { assert, assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { BuildContext, StepContext, Terms } from "../../lib/experiment/distiller.ts";
import { rkd } from "../../lib/distillers/rkd.ts";
import type { Classifier } from "../../lib/nn/network.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";

await method("rkd", () => rkd());

const taps = { student: { pooled: [6], logits: [5] }, teacher: { pooled: [7], logits: [5] } };
for (const samples of ["different", "degenerate"] as const) {
  masks(
    "rkd",
    () => rkd({ kd: 1 }),
    taps,
    samples,
  );
}

Deno.test("rkd: scaling, moving and rotating the features does not change the loss", async () => {
  await tf.setBackend("cpu");
  const output = (pooled: number[][]) => ({
    taps: { pooled: tf.tensor2d(pooled), logits: tf.zeros([4, 2]) },
  });
  const loss = (student: number[][], teacher: number[][]) => {
    const step = {
      student: output(student),
      teacher: output(teacher),
      task: () => tf.zeros([4]),
      mask: () => undefined,
    };
    const { distance, angle } = rkd().build({} as BuildContext<Classifier, Classifier>)(
      step as unknown as StepContext<Classifier, Classifier>,
    ) as Terms;
    return [distance, angle].map(([weight, values]) =>
      Number(weight) * tf.mean(values).dataSync()[0]
    );
  };
  const corners = [[0, 0], [1, 0], [1, 2], [-3, 1]];
  const moved = corners.map(([x, y]) => [5 - 3 * y, 7 + 3 * x]);
  for (const value of loss(moved, corners)) assertAlmostEquals(value, 0, 1e-5);
  for (const value of loss(corners.map(([x]) => [x, 0]), corners)) assert(value > 0.1);
});
