import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../kernels/tensor.ts";
import type { Net, Output } from "../../nn/network.ts";
import { oneHot } from "../../nn/ops.ts";

/**
 * A network with a class head and a distillation head: its tap `heads`, [2, classes], has the
 * logits of both, in this order.
 */
export type TwoHeaded = Net<"heads" | "logits">;

/** The logits of the class head and of the distillation head, [batch, classes] each. */
export function bothLogits({ taps: { heads } }: Output<TwoHeaded>): readonly Tensor[] {
  return tf.unstack(heads, 1);
}

/** The class with the highest logit for each sample, one-hot: [batch, classes]. */
export function hardLabel(logits: Tensor): Tensor {
  return oneHot(tf.argMax(logits, -1), logits.shape.at(-1)!);
}
