import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Gradients } from "../../lib/experiment/optimizer.ts";
import { constant, type Variable, variables } from "../../lib/nn/variables.ts";
import { clipGradients } from "../../lib/training/clip.ts";
import { assertNear } from "../support/tolerance.ts";

const create = variables({ seed: 1, collected: new Map() });
const [a, b] = ["a", "b"].map((name) => create.variable(name, [2], constant(0)));

/** Clips on tfjs's own backend. Returns the gradients of each variable, by group. */
async function clip(
  gradients: readonly (readonly [Variable, Gradients])[],
  longest: number,
): Promise<(number[] | undefined)[][]> {
  await tf.setBackend("cpu");
  const clipped = clipGradients(new Map(gradients), longest);
  return Array.from(
    clipped.values(),
    (groups) => groups.map((one) => one && Array.from(one.dataSync())),
  );
}

Deno.test("clipGradients: all gradients together get the length, as PyTorch's clip_grad_norm_ scales", async () => {
  const gradients = (): [Variable, Gradients][] => [
    [a, [tf.tensor1d([3, 0])]],
    [b, [tf.tensor1d([0, -4])]],
  ];
  const [[ofA], [ofB]] = await clip(gradients(), 2.5);
  assertNear("a", ofA!, [3 * 2.5 / 5.000001, 0], 1e-6);
  assertNear("b", ofB!, [0, -4 * 2.5 / 5.000001], 1e-6);
  assertEquals(await clip(gradients(), 6), [[[3, 0]], [[0, -4]]]);
});

Deno.test("clipGradients: the groups of a variable count as their sum", async () => {
  const gradients: [Variable, Gradients][] = [
    [a, [tf.tensor1d([1, 5]), tf.tensor1d([2, -5])]],
    [b, [undefined, tf.tensor1d([0, 4])]],
  ];
  const share = 2.5 / 5.000001;
  const [ofA, [none, ofB]] = await clip(gradients, 2.5);
  assertNear("a", ofA.flatMap((group) => group!), [1, 5, 2, -5].map((x) => x * share), 1e-6);
  assertEquals(none, undefined);
  assertNear("b", ofB!, [0, 4 * share], 1e-6);
});

Deno.test("clipGradients: gradients of 0, and none at all, stay", async () => {
  assertEquals(await clip([[a, [tf.tensor1d([0, 0])]]], 1), [[[0, 0]]]);
  assertEquals(await clip([], 1), []);
});
