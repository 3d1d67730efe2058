import * as tf from "@tensorflow/tfjs";
import type { Tensor1D } from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import { Attr } from "../tensorflow/binding.ts";
import { hashName } from "../values/random.ts";
import { Failure } from "../values/failure.ts";
import { FLOAT, nativeOr } from "./native.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Adds up float32 tensors over the workers of a cluster, each with its counterparts of the other
 * workers. All workers get the same bits. The gradient of a sum goes to each worker's tensor: with
 * L the sum of the workers' losses, dL/dx of one worker is the sum of all workers' dL/d(sum).
 */
export type AllReduce = (tensors: readonly Tensor[]) => Tensor[];

/**
 * Creates the `AllReduce` of one trace of the step `name`. Every worker has to call it equally
 * often, in one order, with tensors of the same shapes. With one worker it returns its tensors.
 *
 * The sums of one call are made of few vectors of at most `BUCKET` elements each, so that the first
 * are on their way while the tensors of the last are still being computed.
 */
export function allReduce(workers: number, name: string): AllReduce {
  if (workers === 1) return (tensors) => [...tensors];
  // TensorFlow matches the workers' nodes by these numbers. They restart with each trace, because
  // workers whose parts of a batch differ in size may trace a step at different times.
  let key = hashName(name) >>> 8;
  const sum = (vector: Tensor): Tensor =>
    customGradient((x) => ({
      value: collectiveSum(x as Tensor, workers, key++),
      gradFunc: (dy: Tensor) => sum(dy),
    }))(vector);
  return (tensors) => inBuckets(tensors).flatMap((bucket) => sumFused(bucket, sum));
}

/** Elements of a fused vector: 4 MB. */
const BUCKET = 2 ** 20;

/** Divides tensors into runs of at most `BUCKET` elements. A larger tensor is alone. */
function inBuckets(tensors: readonly Tensor[]): Tensor[][] {
  const buckets: Tensor[][] = [];
  let size = Infinity;
  for (const tensor of tensors) {
    if (size + tensor.size > BUCKET) {
      buckets.push([]);
      size = 0;
    }
    buckets.at(-1)!.push(tensor);
    size += tensor.size;
  }
  return buckets;
}

/** Adds up several tensors as one vector. */
function sumFused(tensors: readonly Tensor[], sum: (vector: Tensor) => Tensor): Tensor[] {
  const vectors = tensors.map((tensor) => tf.reshape(tensor, [tensor.size]) as Tensor1D);
  const total = sum(vectors.length === 1 ? vectors[0] : tf.concat1d(vectors));
  const parts = vectors.length === 1 ? [total] : tf.split(total, vectors.map(({ size }) => size));
  return parts.map((part, i) => tf.reshape(part, tensors[i].shape));
}

function collectiveSum(vector: Tensor, workers: number, key: number): Tensor {
  const none = (): never => {
    throw new Failure(2, "--cluster needs --backend tensorflow");
  };
  return nativeOr(none, (native) =>
    native.op("CollectiveReduce", [vector], [
      FLOAT,
      { name: "group_size", type: Attr.int, value: workers },
      { name: "group_key", type: Attr.int, value: 1 },
      { name: "instance_key", type: Attr.int, value: key },
      { name: "merge_op", type: Attr.string, value: "Add" },
      { name: "final_op", type: Attr.string, value: "Id" },
      { name: "subdiv_offsets", type: Attr.int, value: [0] },
    ])[0]);
}
