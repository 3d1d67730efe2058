import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import "../../lib/kernels/gradients.ts";
import { Failure } from "../../lib/values/failure.ts";
import { onBoth, useTensorflow } from "../support/engines.ts";
import { assertTwins, draw } from "../support/gradients.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

const places = () => tf.tensor2d([[2], [0]], [2, 1], "int32");

/** Each op, the shapes of its inputs, and the same in ops that have gradients in tfjs. */
const OPS: Readonly<Record<string, readonly [number[][], Op, Op]>> = {
  "einsum, an outer product": [
    [[3, 2], [3, 4]],
    (a, b) => tf.einsum("bi,bj->bij", a, b),
    (a, b) => tf.mul(tf.expandDims(a, 2), tf.expandDims(b, 1)),
  ],
  "einsum, a product of rows": [
    [[3, 2], [3, 2]],
    (a, b) => tf.einsum("bi,bi->b", a, b),
    (a, b) => tf.sum(tf.mul(a, b), 1),
  ],
  "einsum, a product of matrices": [
    [[3, 2, 4], [3, 4, 5]],
    (a, b) => tf.einsum("bij,bjk->bik", a, b),
    (a, b) => tf.matMul(a, b),
  ],
  "einsum, a transposition": [
    [[3, 2]],
    (a) => tf.einsum("ij->ji", a),
    (a) => tf.transpose(a),
  ],
  "einsum, a sum": [[[3, 2]], (a) => tf.einsum("ij->i", a), (a) => tf.sum(a, 1)],
  "einsum, a scalar": [
    [[3], [3]],
    (a, b) => tf.einsum("i,i->", a, b),
    (a, b) => tf.sum(tf.mul(a, b)),
  ],
  "maximum with a repeated input": [
    [[3, 4], [4]],
    (a, b) => tf.maximum(a, b),
    (a, b) => tf.add(b, tf.relu(tf.sub(a, b))),
  ],
  "minimum with a repeated input": [
    [[1, 4], [3, 1]],
    (a, b) => tf.minimum(a, b),
    (a, b) => tf.sub(a, tf.relu(tf.sub(a, b))),
  ],
  "squaredDifference with a repeated input": [
    [[4], [2, 3, 4]],
    (a, b) => tf.squaredDifference(a, b),
    (a, b) => tf.square(tf.sub(a, b)),
  ],
  "matMul with a repeated matrix": [
    [[2, 3, 4], [4, 5]],
    (a, b) => tf.matMul(a, b),
    (a, b) => tf.reshape(tf.matMul(tf.reshape(a, [6, 4]), b), [2, 3, 5]),
  ],
  topk: [
    [[3, 5]],
    (a) => tf.topk(a, 1).values,
    (a) => tf.max(a, 1, true),
  ],
  "topk of all": [
    [[2, 3, 4]],
    (a) => tf.sum(tf.square(tf.topk(a, 4).values), -1),
    (a) => tf.sum(tf.square(a), -1),
  ],
  gatherND: [
    [[3, 4]],
    (a) => tf.gatherND(a, places()),
    (a) => tf.concat([tf.slice(a, [2, 0], [1, 4]), tf.slice(a, [0, 0], [1, 4])]),
  ],
  scatterND: [
    [[2, 4]],
    (a) => tf.scatterND(places(), a, [3, 4]),
    (a) => tf.concat([tf.slice(a, [1, 0], [1, 4]), tf.zeros([1, 4]), tf.slice(a, [0, 0], [1, 4])]),
  ],
  tensorScatterUpdate: [
    [[3, 4], [2, 4]],
    // tfjs's own backend writes into the first input itself.
    (a, b) => tf.tensorScatterUpdate(tf.mul(a, 1), places(), b),
    (a, b) =>
      tf.concat([
        tf.slice(b, [1, 0], [1, 4]),
        tf.slice(a, [1, 0], [1, 4]),
        tf.slice(b, [0, 0], [1, 4]),
      ]),
  ],
  ...Object.fromEntries([0, 1, 2].map((axis) => [`cumsum over axis ${axis}`, [
    [[3, 3, 3]],
    (a: tf.Tensor) => tf.cumsum(a, axis),
    (a: tf.Tensor) => {
      const parts = tf.unstack(a, axis);
      return tf.stack(parts.map((_, i) => tf.addN(parts.slice(0, i + 1))), axis);
    },
  ]])),
  gather: [
    [[3, 4]],
    (a) => tf.gather(a, tf.tensor1d([2, 0], "int32"), 1),
    (a) => tf.concat([tf.slice(a, [0, 2], [3, 1]), tf.slice(a, [0, 0], [3, 1])], 1),
  ],
};

for (const [name, [shapes, op, same]] of Object.entries(OPS)) {
  await needs(everything, `gradients: ${name}`, async () => {
    await assertTwins(name, shapes, op);
    const { native } = await onBoth(() => {
      const inputs = shapes.map((shape, i) => draw(`${name}/${i}`, shape));
      const dy = draw("dy", op(...inputs).shape);
      const all = (f: Op) => tf.grads((...given) => f(...given as tf.Tensor[]))(inputs, dy);
      return [op(...inputs), ...all(op), same(...inputs), ...all(same)];
    });
    const half = native.length / 2;
    assertEquals(half, shapes.length + 1);
    for (let i = 0; i < half; i++) assertNear(`${name} ${i}`, native[i], native[half + i], 1e-5);
  });
}

Deno.test("gradients: those that are wrong in tfjs, or are not there, are refused", async () => {
  await tf.setBackend("cpu");
  const refused = (shape: number[], op: Op, message: string) => {
    const gradient = tf.grad((x) => op(x as tf.Tensor));
    const failure = assertThrows(() => gradient(draw("refused", shape)), Failure, message);
    assertEquals(failure.exit, 2);
  };
  const image = [1, 3, 3, 1];
  const bilinear = (half: boolean) => (x: tf.Tensor) =>
    tf.image.resizeBilinear(x as tf.Tensor4D, [5, 5], false, half);
  refused(image, bilinear(true), "tfjs's gradient of ResizeBilinear is wrong here");
  refused(
    image,
    (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [5, 5], false, true),
    "tfjs's gradient of ResizeNearestNeighbor is wrong here",
  );
  refused([3, 3], (x) => tf.mirrorPad(x, [[1, 1], [1, 1]], "reflect"), "tf.reverse");
  const plain = tf.grad((x) => bilinear(false)(x as tf.Tensor))(draw("plain", image));
  assertEquals(plain.shape, image);
});

await needs(
  everything,
  "gradients: einsum with a repeated label or an ellipsis has none",
  async () => {
    await useTensorflow();
    for (const equation of ["ii->", "...i->..."]) {
      const gradient = tf.grad((x) => tf.einsum(equation, x as tf.Tensor));
      assertThrows(
        () => gradient(draw("trace", [3, 3])),
        Failure,
        `tf.einsum("${equation}") has no`,
      );
    }
  },
);
