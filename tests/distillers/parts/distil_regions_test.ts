import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  decoupleRegions,
  distilRegions,
  type RegionLossOptions,
} from "../../../lib/distillers/parts/distil_regions.ts";
import type { RegionOutput } from "../../../lib/nn/two_stages.ts";
import { draw } from "../../support/gradients.ts";
import { assertNear } from "../../support/tolerance.ts";

await tf.setBackend("cpu");

const output = (name: string): RegionOutput => ({
  logits: draw(`${name}/logits`, [2, 3, 4]),
  deltas: draw(`${name}/deltas`, [2, 3, 16]),
});

const regions = (mask: number[][]) => ({
  boxes: tf.tile(tf.tensor([0, 0, 8, 9], [1, 1, 4]), [2, 3, 1]),
  labels: tf.tensor2d([[1, 0, 3], [2, 2, 1]], [2, 3], "int32"),
  mask: tf.tensor2d(mask),
  sizes: tf.fill([2, 2], 32),
});

const READINGS: readonly RegionLossOptions[] = [
  {},
  { classes: "sigmoid", boxes: "smooth_l1", over: "objects" },
  { classes: "sigmoid", background: false, boxes: "decoded_l1", temperature: 2 },
];

Deno.test("distilRegions: slots that are not taken change nothing", () => {
  const [student, teacher] = ["student", "teacher"].map(output);
  const other = output("other");
  const mask = tf.tensor3d([[[1], [1], [0]], [[1], [0], [0]]]);
  // Other numbers in the slots that are not taken.
  const mixed = {
    logits: tf.where(tf.greater(mask, 0), student.logits, other.logits),
    deltas: tf.where(tf.greater(mask, 0), student.deltas, other.deltas),
  };
  const taken = regions([[1, 1, 0], [1, 0, 0]]);
  for (const options of READINGS) {
    const loss = distilRegions(student, teacher, taken, options);
    const again = distilRegions(mixed, teacher, taken, options);
    for (const part of ["classes", "boxes"] as const) {
      assertEquals(loss[part].shape, [2]);
      assertNear(part, again[part].dataSync(), loss[part].dataSync(), 1e-6);
    }
  }
});

Deno.test("distilRegions, decoupleRegions: the teacher is a constant and equals itself", () => {
  const teacher = output("teacher");
  const all = regions([[1, 1, 1], [1, 1, 1]]);
  for (const options of READINGS) {
    const loss = (logits: tf.Tensor, deltas: tf.Tensor) => {
      const { classes, boxes } = distilRegions(output("student"), { logits, deltas }, all, options);
      const { target, others } = decoupleRegions(output("student"), { logits }, all);
      const constant = tf.sum(tf.addN([classes, boxes, target, others]));
      return tf.add(constant, tf.mul(0, tf.add(tf.sum(logits), tf.sum(deltas)))) as tf.Scalar;
    };
    const gradients = tf.grads(loss as (...inputs: tf.Tensor[]) => tf.Scalar)(
      [teacher.logits, teacher.deltas],
    );
    for (const gradient of gradients) assertEquals([...new Set(gradient.dataSync())], [0]);
    const itself = distilRegions(teacher, teacher, all, options);
    for (const part of [itself.classes, itself.boxes]) {
      assertNear("itself", tf.add(part, 1).dataSync(), [1, 1], 1e-6);
    }
  }
});

Deno.test("distilRegions: without an object, or without any region, it is 0", () => {
  const [student, teacher] = ["student", "teacher"].map(output);
  const none = regions([[0, 0, 0], [0, 0, 0]]);
  for (const options of READINGS) {
    const { classes, boxes } = distilRegions(student, teacher, none, options);
    assertEquals([...classes.dataSync(), ...boxes.dataSync()], [0, 0, 0, 0]);
  }
});
