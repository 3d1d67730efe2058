import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { boxIou } from "../../lib/nn/boxes.ts";
import { matchBoxes, matchQuality } from "../../lib/nn/match_boxes.ts";
import { stream } from "../../lib/values/random.ts";
import { onEveryEngine } from "../support/detection_engines.ts";
import { everything, needs } from "../support/needs.ts";

Deno.test("matchQuality: an image without truths has background only", async () => {
  await tf.setBackend("cpu");
  const quality = tf.tensor3d([[[0.9, 0], [0, 0.2]], [[0.9, 0], [0, 0.2]]]);
  const count = tf.tensor1d([0, 2], "int32");
  const match = (bestOfEach: boolean) =>
    matchQuality(quality, count, { high: 0.7, low: 0.1, bestOfEach }).arraySync();
  assertEquals(match(true), [[-1, -1], [0, 1]]);
  assertEquals(match(false), [[-1, -1], [0, -2]]);
});

await needs(
  everything,
  "matchBoxes: finds in groups of any size what it finds at once, equal truths included",
  async () => {
    const random = stream(1, "boxes");
    const box = () => {
      const [x, y, width, height] = [50, 50, 60, 60].map((limit) => limit * random.uniform());
      return [x, y, x + width, y + height];
    };
    const of = (count: number) => Array.from({ length: count }, box);
    const twice = of(3);
    const truths = [...twice, ...twice, ...of(8)];
    const inputs = {
      truths: { shape: [2, 7, 4], data: Float32Array.from(truths.flat()) },
      boxes: { shape: [40, 4], data: Float32Array.from([...truths.slice(0, 2), ...of(38)].flat()) },
      count: { shape: [2], data: Int32Array.of(7, 4) },
    };
    const options = { high: 0.5, low: 0.2, bestOfEach: true };
    await onEveryEngine(inputs, ({ truths, boxes, count }) => ({
      atOnce: matchQuality(boxIou(truths, boxes), count, options),
      byThree: matchBoxes(truths, boxes, count, options, 130),
      byOne: matchBoxes(truths, boxes, count, options, 1),
      large: matchBoxes(truths, boxes, count, options),
    }), (kind, { atOnce, ...others }: Readonly<Record<string, Float32Array>>) => {
      for (const value of [-2, -1, 0, 1, 2]) assert(atOnce.includes(value), `${kind}: ${value}`);
      for (const match of Object.values(others)) assertEquals(match, atOnce, kind);
    });
  },
);
