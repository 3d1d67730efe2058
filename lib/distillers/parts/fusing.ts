import * as tf from "@tensorflow/tfjs";
import { Failure } from "../../values/failure.ts";
import type { Tensor } from "../../kernels/tensor.ts";

/**
 * Fuses the logits of `count` self-learning teachers: of two with the first one's share (Eq. 7), of
 * any number with equal ones where there is none.
 */
export function fusing(
  method: string,
  count: number,
  share?: number,
): (logits: readonly Tensor[]) => Tensor {
  if (share !== undefined && count !== 2) {
    throw new Failure(
      2,
      `${method}: fusion is the share of the first of two self-learning teachers; of ${count} all have the same: leave it out`,
    );
  }
  if (share !== undefined && !(share >= 0 && share <= 1)) {
    throw new Failure(2, `${method}: fusion is a share, 0 to 1, not ${share}`);
  }
  const shares = share === undefined
    ? new Array<number>(count).fill(1 / count)
    : [share, 1 - share];
  return (logits) => tf.addN(logits.map((one, i) => tf.mul(one, shares[i])));
}
