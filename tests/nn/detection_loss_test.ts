import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { fastRcnnLoss, ownDeltas, rpnLoss } from "../../lib/nn/detection_loss.ts";
import { draw } from "../support/gradients.ts";
import { assertNear } from "../support/tolerance.ts";

await tf.setBackend("cpu");

Deno.test("fastRcnnLoss: slots that are not taken change nothing", () => {
  const [logits, deltas] = [draw("logits", [2, 5, 3]), draw("deltas", [2, 5, 12])];
  const labels = tf.tensor2d([[1, 0, 2, 1, 2], [0, 2, 1, 0, 1]], [2, 5], "int32");
  const mask = tf.tensor2d([[1, 1, 1, 0, 0], [1, 1, 0, 0, 0]]);
  const targets = draw("targets", [2, 5, 4]);
  const given = fastRcnnLoss(logits, deltas, { labels, deltas: targets, mask });
  // One image of the five taken slots.
  const taken = (x: tf.Tensor) => {
    const [first, second] = tf.unstack(x);
    const rest = x.shape.slice(2).map(() => -1);
    const rows = [[first, 3], [second, 2]] as const;
    return tf.expandDims(
      tf.concat(rows.map(([x, count]) => tf.slice(x, [0], [count, ...rest])), 0),
      0,
    );
  };
  const together = fastRcnnLoss(taken(logits), taken(deltas), {
    labels: taken(labels),
    deltas: taken(targets),
    mask: tf.ones([1, 5]),
  });
  for (const part of ["classes", "boxes"] as const) {
    assertEquals(given[part].shape, [2]);
    assertNear(part, tf.mean(given[part]).dataSync(), together[part].dataSync(), 1e-6);
  }
});

Deno.test("rpnLoss: without sampled anchors, and at huge logits, it is finite", () => {
  const targets = { objects: tf.zeros([1, 3]), deltas: tf.zeros([1, 3, 4]) };
  const loss = (sampled: tf.Tensor) =>
    rpnLoss(tf.tensor2d([[1e4, -1e4, 0]]), tf.zeros([1, 3, 4]), { ...targets, sampled });
  const none = loss(tf.zeros([1, 3]));
  assertEquals([...none.classes.dataSync(), ...none.boxes.dataSync()], [0, 0]);
  const all = loss(tf.ones([1, 3])).classes.dataSync();
  assertNear("entropy", all, [(1e4 + Math.LN2) / 3], 1e-6);
  assert(Number.isFinite(all[0]));
});

Deno.test("ownDeltas: takes the four numbers of the label's class", () => {
  const deltas = tf.reshape(tf.range(0, 24), [1, 2, 12]);
  const own = ownDeltas(deltas, tf.tensor2d([[2, 0]], [1, 2], "int32"));
  assertEquals(own.arraySync(), [[[8, 9, 10, 11], [12, 13, 14, 15]]]);
});
