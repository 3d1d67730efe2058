import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { sampleBalanced } from "../../lib/nn/sample_balanced.ts";
import { stream } from "../../lib/values/random.ts";

await tf.setBackend("cpu");

Deno.test("sampleBalanced: takes every candidate of a kind equally often", () => {
  const kinds = [1, 0, 1, -1, 0, 1, 0, 0];
  const images = 6000;
  const random = stream(1, "uniform");
  const uniform = tf.tensor2d(
    Float32Array.from({ length: images * kinds.length }, () => random.uniform()),
    [images, kinds.length],
  );
  const are = (kind: number) => tf.tile(tf.equal(tf.tensor2d([kinds]), kind), [images, 1]);
  const { indices, mask } = sampleBalanced(are(1), are(0), uniform, { slots: 4, positive: 0.5 });
  assert(mask.dataSync().every((value) => value === 1));
  const counts = kinds.map(() => 0);
  for (const index of indices.dataSync()) counts[index]++;
  assertEquals(counts[3], 0);
  // Two of three positives, two of four negatives; six standard deviations of the count.
  const expected = kinds.map((kind) => kind === -1 ? 0 : images * (kind === 1 ? 2 / 3 : 1 / 2));
  counts.forEach((count, i) => assert(Math.abs(count - expected[i]) < 240, `${counts}`));
});

Deno.test("sampleBalanced: without candidates no slot is taken", () => {
  const none = tf.zeros([2, 5], "bool");
  const uniform = tf.ones([2, 5]);
  const { mask } = sampleBalanced(none, none, uniform, { slots: 8, positive: 0.25 });
  assertEquals(mask.arraySync(), [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]);
});
