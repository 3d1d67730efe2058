import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { reluOp } from "../../lib/kernels/relu.ts";
import { stopGradient } from "../../lib/nn/ops.ts";
import { Failure } from "../../lib/values/failure.ts";
import { useTensorflow } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

/** The gradient of Σ relu(x)²: 2 · relu(x). */
const inner = tf.grad((x) => tf.sum(tf.square(reluOp(x as tf.Tensor))));

await needs(
  everything,
  "customGradient: a gradient of a gradient throws on TensorFlow, and is right on cpu",
  async () => {
    const penalty = tf.grad((x) => tf.sum(tf.square(inner(x as tf.Tensor))));
    const stopped = tf.grad((x) => tf.sum(tf.mul(stopGradient(inner(x as tf.Tensor)), x)));
    const values = (gradient: typeof penalty) => gradient(tf.tensor1d([-1, 2, 3])).dataSync();
    await useTensorflow();
    const failure = assertThrows(() => values(penalty), Failure, "--backend cpu has it");
    assertEquals(failure.exit, 2);
    assertEquals(values(stopped), Float32Array.of(0, 4, 6));
    await tf.setBackend("cpu");
    assertEquals(values(penalty), Float32Array.of(0, 16, 24));
    assertEquals(values(stopped), Float32Array.of(0, 4, 6));
  },
);
