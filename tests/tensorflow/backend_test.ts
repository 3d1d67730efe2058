import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { nativeBackend, traceInto, useBackend, withTwins } from "../../lib/tensorflow/backend.ts";
import { EagerBinding } from "../../lib/tensorflow/eager_binding.ts";
import { Graph } from "../../lib/tensorflow/graph.ts";
import { onBoth, useTensorflow } from "../support/engines.ts";
import { draw } from "../support/gradients.ts";
import { everything, needs } from "../support/needs.ts";

Deno.test("nativeBackend: is undefined on tfjs's own backend", async () => {
  await tf.setBackend("cpu");
  assertEquals(nativeBackend(), undefined);
});

await needs(everything, "useBackend: tfjs's ops go to the current binding", async () => {
  const binding = await useTensorflow();
  assertEquals(tf.getBackend(), "tensorflow");
  assertStrictEquals(nativeBackend()!.binding, binding);
  const other = new EagerBinding();
  const before = binding.count;
  await useBackend(other);
  tf.tidy(() => {
    const sum = tf.add(tf.tensor1d([1, 2]), 3);
    assertEquals(sum.dataSync(), Float32Array.of(4, 5));
    assertEquals([other.count > 0, binding.count], [true, before]);
  });
  assertEquals(other.count, 0);
  await useBackend(binding);
  await tf.setBackend("cpu");
  assertEquals(nativeBackend(), undefined);
});

await needs(
  everything,
  "traceInto: adds ops to a graph, and afterwards ops run again, even after an error",
  async () => {
    const binding = await useTensorflow();
    const graph = new Graph();
    const backend = nativeBackend()!;
    traceInto(graph, () =>
      tf.tidy(() => {
        const sum = tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4]));
        assertEquals(graph.node(backend.getInputTensorIds([sum])[0]).shape, [2]);
        assertThrows(() => sum.dataSync(), Error, "cannot be read while the step is being traced");
      }));
    assertThrows(
      () =>
        traceInto(graph, () => {
          throw new Error("stopped");
        }),
      Error,
      "stopped",
    );
    assertStrictEquals(backend.binding, binding);
    tf.tidy(() => assertEquals(tf.neg(tf.tensor1d([1])).dataSync(), Float32Array.of(-1)));
    graph.close();
  },
);

await needs(
  everything,
  "withTwins: hides the native backend from kernels, until it returns or throws",
  async () => {
    await useTensorflow();
    const native = nativeBackend();
    assertEquals(withTwins(() => [nativeBackend(), tf.getBackend()]), [undefined, "tensorflow"]);
    assertStrictEquals(nativeBackend(), native);
    assertThrows(
      () =>
        withTwins(() => {
          throw new Error("stopped");
        }),
      Error,
      "stopped",
    );
    assertStrictEquals(nativeBackend(), native);
  },
);

await needs(
  everything,
  "tf.gather: equals tfjs's own along any axis and image by image, and has its gradient",
  async () => {
    const { native, twin } = await onBoth(() => {
      const bank = draw("bank", [7, 3]);
      const maps = draw("maps", [2, 4, 5, 3]);
      const rows = tf.tensor2d([[3, 0, 3], [1, 2, 0]], [2, 3], "int32");
      const sum = (x: tf.Tensor) => tf.sum(tf.square(tf.gather(x, rows, 1, 1)));
      return [
        tf.gather(bank, tf.tensor1d([6, 0, 6], "int32"), 0),
        tf.gather(bank, tf.scalar(2, "int32"), 1),
        tf.gather(maps, rows, 1, 1),
        tf.gather(maps, rows, 2, 1),
        tf.gather(tf.tensor1d([5, 6, 7], "int32"), tf.tensor1d([2, 1], "int32"), 0),
        tf.cast(tf.gather(tf.greater(maps, 0), rows, 1, 1), "int32"),
        tf.grad(sum)(maps),
      ];
    });
    assertEquals(native, twin);
    assertEquals(native[4], Float32Array.of(7, 6));
  },
);
