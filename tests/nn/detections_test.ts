import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { detect } from "../../lib/nn/detections.ts";
import { onEveryEngine } from "../support/detection_engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

await needs(
  everything,
  "detect: suppresses in each class alone, and neither the background nor padding counts",
  async () => {
    const boxes = [[0, 0, 10, 10], [0, 0, 10, 11], [20, 20, 30, 30], [40, 0, 50, 10]];
    const chances = [[0.2, 0.5, 0.3], [0.35, 0.6, 0.05], [0.96, 0.02, 0.02], [0.1, 0.8, 0.1]];
    const inputs = {
      logits: { shape: [1, 4, 3], data: Float32Array.from(chances.flat(), Math.log) },
      deltas: { shape: [1, 4, 12], data: new Float32Array(48) },
      boxes: { shape: [1, 4, 4], data: Float32Array.from(boxes.flat()) },
      // The last slot is not taken.
      mask: { shape: [1, 4], data: Float32Array.of(1, 1, 1, 0) },
      sizes: { shape: [1, 2], data: Float32Array.of(50, 60) },
    };
    await onEveryEngine(inputs, ({ logits, deltas, boxes, mask, sizes }) => {
      const regions = { logits, deltas, proposals: { boxes, mask }, sizes };
      return { ...detect(regions, { score: 0.1, limit: 3 }) };
    }, (kind, found) => {
      assertEquals([...found.mask], [1, 1, 0], kind);
      assertEquals([...found.classes.slice(0, 2)], [1, 2], kind);
      assertNear(`${kind}: scores`, found.scores, [0.6, 0.3, 0], 1e-6);
      assertNear(`${kind}: boxes`, found.boxes.slice(0, 8), [...boxes[1], ...boxes[0]], 1e-6);
    });
  },
);

await needs(everything, "detect: finds nothing where no class has the score", async () => {
  const inputs = { logits: { shape: [2, 3, 4], data: new Float32Array(24) } };
  await onEveryEngine(inputs, ({ logits }) => {
    const proposals = { boxes: tf.ones([2, 3, 4]), mask: tf.ones([2, 3]) };
    const sizes = tf.fill([2, 2], 32);
    return {
      ...detect({ logits, deltas: tf.zeros([2, 3, 16]), proposals, sizes }, { score: 0.3 }),
    };
  }, (kind, { mask, scores }) => {
    assertEquals([...new Set([...mask, ...scores])], [0], kind);
  });
});
