import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { choose } from "../../lib/kernels/choose.ts";
import { FLOAT, type Native, nativeOr } from "../../lib/kernels/native.ts";
import { interleave } from "../../lib/kernels/shuffle_channels.ts";
import { withTwins } from "../../lib/tensorflow/backend.ts";
import { DataType } from "../../lib/tensorflow/binding.ts";
import { useTensorflow } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

/** Runs a kernel on TensorFlow's ops. Throws if they are not available. */
function run(kernel: (native: Native) => tf.Tensor[]): tf.Tensor[] {
  return nativeOr(() => {
    throw new Error("TensorFlow's ops are not available");
  }, kernel);
}

const which = () => nativeOr(() => "twin", () => "native");

Deno.test("nativeOr: runs the twin on tfjs's own backend", async () => {
  await tf.setBackend("cpu");
  assertEquals(which(), "twin");
});

await needs(
  everything,
  "nativeOr: runs the kernel on TensorFlow, and the twin inside withTwins",
  async () => {
    await useTensorflow();
    assertEquals([which(), withTwins(which)], ["native", "twin"]);
  },
);

await needs(everything, "op: has the requested number of outputs", async () => {
  await useTensorflow();
  tf.tidy(() => {
    const x = tf.tensor1d([3, -1, 2]);
    const attributes = [FLOAT];
    const [negative] = run(({ op }) => op("Neg", [x], attributes));
    const [values, at] = run(({ op }) => op("TopKV2", [x, tf.scalar(2, "int32")], attributes, 2));
    assertEquals([...negative.dataSync()], [-3, 1, -2]);
    assertEquals([[...values.dataSync()], [...at.dataSync()]], [[3, 2], [0, 2]]);
  });
});

await needs(
  everything,
  "chain: releases intermediate results, also on failure",
  async () => {
    const binding = await useTensorflow();
    const before = binding.count;
    const squared = (last: string) =>
      run(({ chain }) =>
        chain([tf.tensor1d([3])], ({ op, constant }, x) => {
          const [product] = op("Mul", [x, constant([], DataType.float32, Float32Array.of(2))], [
            FLOAT,
          ]);
          return op(last, [product], [FLOAT]);
        })
      );
    tf.tidy(() => assertEquals([...squared("Square")[0].dataSync()], [36]));
    tf.tidy(() => {
      assertThrows(() => squared("NoSuchOp"), Error, "NoSuchOp");
    });
    tf.tidy(() => {
      const map = tf.ones([1, 2, 2, 3]);
      tf.grads((...[a, b]: tf.Tensor[]) => interleave(a, b))([map, map], tf.ones([1, 2, 2, 6]));
      choose(tf.tensor2d([[0.5, 0.1]]), tf.tensor2d([[1, 1]], [1, 2], "bool"), 1);
    });
    assertEquals(binding.count, before);
  },
);
