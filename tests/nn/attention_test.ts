import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { attend, selfAttention } from "../../lib/nn/attention.ts";
import { variables } from "../../lib/nn/variables.ts";
import { Failure } from "../../lib/values/failure.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

await needs(everything, "attention: each query's mean of the values by its softmax", async () => {
  // Scores of ln 3 and 0 after the division by √4: probabilities of 3/4 and 1/4.
  const score = 2 * Math.log(3);
  const { native, twin } = await onBoth(() => {
    const q = tf.tensor4d([[[[1, 0, 0, 0], [0, 0, 0, 0]]]]);
    const k = tf.tensor4d([[[[score, 0, 0, 0], [0, 0, 0, 0]]]]);
    const v = tf.tensor4d([[[[4, 8, 0, 0], [0, 0, 4, 0]]]]);
    const { out, probabilities } = attend(q, k, v);
    return [out, probabilities];
  });
  for (const [out, probabilities] of [native, twin]) {
    assertNear("out", out, [3, 6, 1, 0, 2, 4, 2, 0], 1e-6);
    assertNear("probabilities", probabilities, [0.75, 0.25, 0.5, 0.5], 1e-6);
  }
});

Deno.test("attention: counts the products of activations, and refuses heads that do not fit", () => {
  const create = () => variables({ seed: 1, collected: new Map() });
  const { multiplyAdds, productMultiplyAdds } = selfAttention(2)(create(), [5, 6]);
  assertEquals([multiplyAdds, productMultiplyAdds], [5 * 4 * 6 * 6 + 2 * 5 * 5 * 6, 300]);
  assertThrows(
    () => selfAttention(4)(create(), [5, 6]),
    Failure,
    "6 channels cannot be split into 4 heads",
  );
});
