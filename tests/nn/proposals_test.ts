import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { propose } from "../../lib/nn/proposals.ts";
import { onEveryEngine } from "../support/detection_engines.ts";
import { everything, needs } from "../support/needs.ts";

await needs(
  everything,
  "propose: suppresses at each level alone, drops short sides, fills with masked slots",
  async () => {
    const anchors = [
      [0, 0, 10, 10],
      [0, 0, 10, 11],
      [90, 90, 99, 99],
      [30, 0, 40, 10],
      [0, 0, 10, 10],
    ];
    const inputs = {
      // The second is suppressed, the third outside of the image.
      objectness: { shape: [1, 5], data: Float32Array.of(2, 1, 9, 3, 4) },
      deltas: { shape: [1, 5, 4], data: new Float32Array(20) },
      anchors: { shape: [5, 4], data: Float32Array.from(anchors.flat()) },
      sizes: { shape: [1, 2], data: Float32Array.of(50, 60) },
    };
    const options = { before: 10, after: 4 };
    await onEveryEngine(
      inputs,
      (given) => ({ ...propose({ ...given, levels: [3, 2] }, options) }),
      (kind, { boxes, scores, mask }) => {
        assertEquals([...mask], [1, 1, 1, 0], kind);
        assertEquals([...scores], [4, 3, 2, -Infinity], kind);
        assertEquals([...boxes.slice(0, 12)], [4, 3, 0].flatMap((i) => anchors[i]), kind);
      },
    );
  },
);

await needs(everything, "propose: no gradient flows through", async () => {
  const inputs = { deltas: { shape: [1, 2, 4], data: new Float32Array(8) } };
  await onEveryEngine(inputs, ({ deltas }) => {
    const proposed = (deltas: tf.Tensor) => {
      const { boxes } = propose({
        objectness: tf.tensor2d([[1, 2]]),
        deltas,
        anchors: tf.tensor2d([[0, 0, 4, 4], [8, 8, 20, 20]]),
        levels: [2],
        sizes: tf.tensor2d([[32, 32]]),
      }, { before: 2, after: 2 });
      return tf.add(tf.sum(boxes), tf.sum(deltas)) as tf.Scalar;
    };
    return { gradient: tf.grad((x) => proposed(x as tf.Tensor))(deltas) };
  }, (kind, { gradient }) => assertEquals([...gradient], Array(8).fill(1), kind));
});
