import * as tf from "@tensorflow/tfjs";
import { Failure } from "../../values/failure.ts";
import type { Tensor } from "../../kernels/tensor.ts";

/**
 * Fuses the logits of `count` self-learning teachers: two by the share of the first (Eq. 7), any
 * number by equal shares if `share` is absent. Throws a `Failure` (exit 2) if there is a `share`
 * and `count` is not 2.
 */
export function fuseLogits(
  method: string,
  count: number,
  share?: number,
): (logits: readonly Tensor[]) => Tensor {
  if (share !== undefined && count !== 2) {
    throw new Failure(
      2,
      `${method}: fusion is the share of the first of two self-learning teachers. Omit it for ${count}: their shares are equal`,
    );
  }
  const shares = share === undefined
    ? new Array<number>(count).fill(1 / count)
    : [share, 1 - share];
  return (logits) => tf.addN(logits.map((one, i) => tf.mul(one, shares[i])));
}
