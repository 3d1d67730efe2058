import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  weighByGradients,
  type WeighingOptions,
} from "../../../lib/distillers/parts/weigh_by_gradients.ts";
import type { Tensor } from "../../../lib/kernels/tensor.ts";
import { assertNear } from "../../support/tolerance.ts";

await tf.setBackend("cpu");

/** The weights and the values of two losses with gradients (1, 0) and (0, 2) at every sample. */
function weigh(options: Partial<WeighingOptions> = {}) {
  const along = (direction: readonly number[]) => (x: Tensor) => tf.sum(tf.mul(x, direction), 1);
  const terms = weighByGradients(tf.tensor2d([[1, 2], [3, 4]]), [along([1, 0]), along([0, 2])], {
    most: 1,
    directions: false,
    weight: 1,
    mask: undefined,
    ...options,
  });
  return {
    weights: terms.map(([weight]) => typeof weight === "number" ? weight : weight.dataSync()[0]),
    values: terms.map(([, values]) => [...values.dataSync()]),
  };
}

Deno.test("the weights make the mixture of the gradients shortest, and losses keep their values", () => {
  const { weights, values } = weigh();
  assertNear("free", weights, [0.8, 0.2], 1e-5);
  assertEquals(values, [[1, 3], [4, 8]]);
  assertNear(
    "bound, of half the weight",
    weigh({ most: 0.6, weight: 0.5 }).weights,
    [0.3, 0.2],
    1e-5,
  );
});

Deno.test("by directions alone the lengths of the gradients do not count", () => {
  assertNear("directions", weigh({ directions: true }).weights, [2 / 3, 1 / 3], 1e-5);
});

Deno.test("a sample that does not learn has no value", () => {
  const { weights, values } = weigh({ mask: tf.tensor1d([0, 1]) });
  assertNear("masked", weights, [0.8, 0.2], 1e-5);
  assertEquals(values, [[0, 3], [0, 8]]);
});
