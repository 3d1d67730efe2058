import * as tf from "@tensorflow/tfjs";
import { geluOp } from "../../lib/kernels/gelu.ts";
import { assertTwins } from "../support/gradients.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

await needs(everything, "gelu: equals its twin", async () => {
  for (const shape of [[], [7], [2, 3, 4], [0, 3]]) {
    await assertTwins(`[${shape}]`, [shape], geluOp);
  }
});

await needs(
  everything,
  "gelu: is x Φ(x), with the slope Φ(x) + x φ(x), and finite far out",
  async () => {
    const x = [-300, -2, -1, 0, 1, 2, 300];
    // Φ(1) = 0.8413447461 and Φ(2) = 0.9772498681; φ is the density (2π)^-½ exp(−x²/2).
    const share = [0, 0.0227501319, 0.1586552539, 0.5, 0.8413447461, 0.9772498681, 1];
    const density = x.map((x) => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI));
    const { native, twin } = await onBoth(() => {
      const { value, grad } = tf.valueAndGrad(geluOp)(tf.tensor1d(x), tf.ones([x.length]));
      return [value, grad];
    });
    for (const [value, slope] of [native, twin]) {
      assertNear("value", value, x.map((x, i) => x * share[i]), 1e-6);
      assertNear("slope", slope, x.map((x, i) => share[i] + x * density[i]), 1e-6);
    }
  },
);
