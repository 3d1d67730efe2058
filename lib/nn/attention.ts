import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../kernels/tensor.ts";
import { Failure } from "../values/failure.ts";
import { dense } from "./layers.ts";
import { softmax } from "./ops.ts";
import type { Pass } from "./pass.ts";
import { constant, normal, type Shape, type Variables } from "./variables.ts";

/** Initialisers of a transformer's dense layers: weights N(0, 0.02²), biases 0. */
export const transformerInitialisers = { initial: normal(0.02), biasInitial: constant(0) };

/** The output of attention on a batch. */
export interface Attended {
  /** The means of the values by these probabilities. */
  readonly out: Tensor;
  /** Each query's probabilities of the keys: [batch, heads, queries, keys]. */
  readonly probabilities: Tensor;
}

/**
 * What queries attend to, [batch, heads, tokens, size] like keys and values: softmax(q kᵀ / √size) v
 * as `out`, of the same shape, and the softmax as `probabilities`.
 */
export function attend(q: Tensor, k: Tensor, v: Tensor): Attended {
  const scaled = tf.mul(q, 1 / Math.sqrt(q.shape[3]!));
  const probabilities = softmax(tf.matMul(scaled, k, false, true));
  return { out: tf.matMul(probabilities, v), probabilities };
}

/** Self-attention with its variables. */
export interface AttentionModule {
  (x: Tensor, pass: Pass): Attended;
  /** Multiply-adds for one sample. */
  readonly multiplyAdds: number;
  /** Those of them in products of two activations: queries and keys, probabilities and values. */
  readonly productMultiplyAdds: number;
}

/**
 * Self-attention of tokens, [tokens, channels], in `heads` parts of the channels (Vaswani et al.,
 * 2017): softmax(q kᵀ / √(channels / heads)) v for each head, and a dense layer over all. The
 * columns of the first layer, `qkv`, are the heads' queries, one head after the other, then their
 * keys, then their values. Throws a `Failure` (exit 2) if the heads do not divide the channels.
 */
export function selfAttention(
  heads: number,
): (create: Variables, input: Shape) => AttentionModule {
  return (create, input) => {
    const [tokens, channels] = input;
    const size = channels / heads;
    if (!Number.isInteger(size)) {
      throw new Failure(2, `${channels} channels cannot be split into ${heads} heads`);
    }
    const qkv = dense(3 * channels, transformerInitialisers)(create.in("qkv"), input);
    const project = dense(channels, transformerInitialisers)(create.in("projection"), input);
    const run = (x: Tensor, pass: Pass): Attended => {
      const [batch] = x.shape;
      const split = tf.reshape(qkv(x, pass), [batch, tokens, 3, heads, size]);
      const [q, k, v] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4]));
      const { out, probabilities } = attend(q, k, v);
      const joined = tf.reshape(tf.transpose(out, [0, 2, 1, 3]), [batch, tokens, channels]);
      return { out: project(joined, pass), probabilities };
    };
    const productMultiplyAdds = 2 * tokens * tokens * channels;
    return Object.assign(run, {
      multiplyAdds: qkv.multiplyAdds + project.multiplyAdds + productMultiplyAdds,
      productMultiplyAdds,
    });
  };
}
