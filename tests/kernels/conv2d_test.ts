import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { openEngine } from "../../lib/engine/open_engine.ts";
import { conv2d, conv2dTwin } from "../../lib/kernels/conv2d.ts";
import { traceInto } from "../../lib/tensorflow/backend.ts";
import { Graph } from "../../lib/tensorflow/graph.ts";
import { useTensorflow } from "../support/engines.ts";
import { assertTwins, draw as drawNormal } from "../support/gradients.ts";
import { everything, needs } from "../support/needs.ts";

await needs(
  everything,
  "conv2d: equals its twin for kernels 1 to 7, strides 1 and 2, odd and even sides",
  async () => {
    for (const kernel of [1, 3, 5, 7]) {
      for (const stride of [1, 2]) {
        for (const side of [7, 8]) {
          for (const padding of new Set([kernel >> 1, 0, 1])) {
            const label = `kernel ${kernel} stride ${stride} padding ${padding} side ${side}`;
            await assertTwins(
              label,
              [[2, side, side, 3], [kernel, kernel, 3, 2]],
              (x, weight) => conv2d(x, weight, stride, padding),
            );
          }
        }
      }
    }
  },
);

await needs(everything, "conv2d: equals its twin on a map that is not square", async () => {
  await assertTwins(
    "a wide map",
    [[2, 6, 9, 2], [3, 3, 2, 4]],
    (x, weight) => conv2d(x, weight, 2, 1),
  );
});

await needs(
  everything,
  "conv2d: equals its twin where few channels are read by 1×1 windows that leave out the last pixels",
  async () => {
    for (const [inputs, out] of [[2, 4], [4, 8], [8, 8], [8, 16]]) {
      await assertTwins(
        `${inputs} to ${out}`,
        [[1, 16, 24, inputs], [1, 1, inputs, out]],
        (x, weight) => conv2d(x, weight, 2, 0),
      );
    }
  },
);

await needs(
  everything,
  "conv2d: equals its twin in two groups, and in one per channel with one output or two",
  async () => {
    for (const [inputs, out, groups] of [[4, 6, 2], [4, 4, 4], [3, 6, 3]]) {
      for (const [kernel, stride] of [[1, 1], [3, 1], [3, 2]]) {
        await assertTwins(
          `${inputs} to ${out} in ${groups} groups, kernel ${kernel} stride ${stride}`,
          [[2, 7, 6, inputs], [kernel, kernel, inputs / groups, out]],
          (x, weight) => conv2d(x, weight, stride, kernel >> 1),
        );
      }
    }
  },
);

await needs(
  everything,
  "conv2d: a graph in bfloat16 has the gradients of float32, also for the weights on small maps",
  async () => {
    for (const [height, width] of [[4, 4], [2, 7], [1, 1], [5, 5]]) {
      const gradients = async (precision: "float32" | "bfloat16") => {
        const { engine } = await openEngine({ precision });
        const run = engine.compile(() => {
          // Sums of fewer than 257 such numbers are exact in bfloat16.
          const draw = (name: string, ...shape: number[]) => tf.sign(drawNormal(name, shape));
          const x = draw("x", 3, height, width, 8);
          const weight = draw("weight", 3, 3, 8, 16);
          const dy = draw("dy", 3, height, width, 16);
          const both = tf.grads((x, weight) => conv2d(x, weight, 1, 1))([x, weight], dy);
          const [toX, toWeight] = both.map((gradient) => tf.keep(gradient));
          return { values: { toX, toWeight }, updates: [] };
        });
        const values = await run({});
        engine.close();
        return values;
      };
      assertEquals(await gradients("bfloat16"), await gradients("float32"), `${height} × ${width}`);
    }
  },
);

await needs(
  everything,
  "conv2d: only a graph in bfloat16 takes the weights' gradient as a product",
  async () => {
    const ops = async (bfloat16: boolean, side: number, stride = 1) => {
      await useTensorflow();
      const graph = new Graph(bfloat16);
      try {
        const names: string[] = [];
        const record = graph.executeOp.bind(graph);
        graph.executeOp = (name, ...rest) => (names.push(name), record(name, ...rest));
        traceInto(graph, () =>
          tf.tidy(() => {
            const x = tf.zeros([2, side, side, 3]);
            tf.grads((x, weight) => conv2d(x, weight, stride, 1))([x, tf.zeros([3, 3, 3, 4])]);
          }));
        return names.filter((name) => /BackpropFilter|MatMul/.test(name));
      } finally {
        graph.close();
      }
    };
    assertEquals(await ops(true, 4), ["BatchMatMulV2"]);
    assertEquals(await ops(false, 4), ["Conv2DBackpropFilter"]);
    assertEquals(await ops(true, 5), ["Conv2DBackpropFilter"]);
    assertEquals(await ops(true, 4, 2), ["Conv2DBackpropFilter"]);
  },
);

Deno.test("conv2d: a 3×3 kernel of stride 2 pads all four sides, like PyTorch's", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const x = tf.ones([1, 4, 4, 1]);
    const out = conv2dTwin(x, tf.ones([3, 3, 1, 1]), 2, 1);
    // TensorFlow's SAME would pad bottom and right only: 9, 6, 6, 4.
    assertEquals([...out.dataSync()], [4, 6, 6, 9]);
    assert(out.shape.length === 4);
  });
});
