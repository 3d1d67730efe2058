import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { alsoKd } from "../../../lib/distillers/parts/also_kd.ts";
import { logitsOutput } from "../../../lib/nn/network.ts";
import { kl } from "../../../lib/nn/ops.ts";

await tf.setBackend("cpu");
const logits = { student: tf.tensor2d([[1, 2], [3, -1]]), teacher: tf.tensor2d([[0, 1], [2, 2]]) };
const outputs = { student: logitsOutput(logits.student), teacher: logitsOutput(logits.teacher) };

Deno.test("a weight of 0 gives no term", () => {
  assertEquals(alsoKd({ ...outputs, mask: () => undefined }, { kd: 0, temperature: 4 }), {});
});

Deno.test("the term is the KL at its temperature, of the samples that learn at the logits", () => {
  const { kd: [weight, values, role] } = alsoKd({ ...outputs, mask: () => undefined }, {
    kd: 0.9,
    temperature: 4,
  });
  const expected = kl(logits.student, logits.teacher, 4).dataSync();
  assertEquals([weight, values.dataSync(), role], [0.9, expected, undefined]);
  const mask = (spot: string) => spot === "logits" ? tf.tensor1d([0, 1]) : undefined;
  const masked = alsoKd({ ...outputs, mask }, { kd: 0.9, temperature: 4 }).kd[1];
  assertEquals(masked.dataSync(), Float32Array.of(0, expected[1]));
});
