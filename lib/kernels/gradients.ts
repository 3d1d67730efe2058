/**
 * Gradients that tfjs lacks or has wrong, of kernels that losses use. Importing this file registers
 * them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { Failure } from "../values/failure.ts";
import type { Tensor } from "./tensor.ts";

/** A gradient as tfjs registers it. */
type Gradient = Parameters<typeof tf.registerGradient>[0];

const einsum: Gradient = {
  kernelName: tf.Einsum,
  saveAllInputs: true,
  gradFunc: (dy, saved, { equation }) => {
    const [inputs, output] = String(equation).replaceAll(/\s/g, "").split("->");
    const terms = inputs.split(",");
    const odd = terms.find((term) => new Set(term).size < term.length || term.includes("."));
    if (odd !== undefined) {
      throw new Failure(
        2,
        `tf.einsum("${equation}") has no gradient, since ${odd} repeats a label or has an ` +
          "ellipsis: write a diagonal as a product with tf.eye, and every dimension as a label",
      );
    }
    const one = (i: number) => () => einsumGradient(dy as Tensor, output, terms, saved, i);
    return Object.fromEntries(terms.map((_, i) => [i, one(i)]));
  },
};

/** The gradient of an einsum's `i`-th input: its other one contracted with dy. */
function einsumGradient(
  dy: Tensor,
  output: string,
  terms: readonly string[],
  inputs: readonly Tensor[],
  i: number,
): Tensor {
  const others = terms.flatMap((term, j) => j === i ? [] : [{ term, input: inputs[j] }]);
  const around = [output, ...others.map(({ term }) => term)];
  // The sum over an index that only this input has spreads dy along it.
  const kept = [...terms[i]].map((label) => around.some((term) => term.includes(label)));
  const labels = [...terms[i]].filter((_, axis) => kept[axis]).join("");
  const contracted = around.length === 1 && labels === output
    ? dy
    : tf.einsum(`${around}->${labels}`, dy, ...others.map(({ input }) => input));
  const { shape } = inputs[i];
  const sides = shape.map((side, axis) => kept[axis] ? side : 1);
  return tf.mul(tf.reshape(contracted, sides), tf.ones(shape));
}

const topK: Gradient = {
  kernelName: tf.TopK,
  inputsToSave: ["x"],
  outputsToSave: [false, true],
  gradFunc: (dy, [x, indices]) => ({
    x: () => {
      const columns = x.shape.at(-1)!;
      const rows = x.size / columns;
      const starts = tf.mul(tf.range(0, rows, 1, "int32"), tf.scalar(columns, "int32"));
      const places = tf.add(tf.reshape(indices, [rows, -1]), tf.expandDims(starts, 1));
      const [values] = dy as Tensor[];
      const flat = tf.unsortedSegmentSum(
        tf.reshape(values, [-1]),
        tf.reshape(tf.cast(places, "int32"), [-1]) as tf.Tensor1D,
        x.size,
      );
      return tf.reshape(flat, x.shape);
    },
  }),
};

const gatherNd: Gradient = {
  kernelName: tf.GatherNd,
  inputsToSave: ["params", "indices"],
  gradFunc: (dy, [params, indices]) => ({
    params: () => tf.scatterND(indices, dy as Tensor, params.shape),
  }),
};

const scatterNd: Gradient = {
  kernelName: tf.ScatterNd,
  inputsToSave: ["indices"],
  gradFunc: (dy, [indices]) => ({ updates: () => tf.gatherND(dy as Tensor, indices) }),
};

const tensorScatterUpdate: Gradient = {
  kernelName: tf.TensorScatterUpdate,
  inputsToSave: ["indices", "updates"],
  gradFunc: (dy, [indices, updates]) => ({
    tensor: () => {
      const replaced = tf.scatterND(indices, tf.onesLike(updates), (dy as Tensor).shape);
      return tf.where(tf.greater(replaced, 0), tf.zerosLike(dy as Tensor), dy as Tensor);
    },
    updates: () => tf.gatherND(dy as Tensor, indices),
  }),
};

/** The sums behind each element. That of tfjs has its axes exchanged unless `axis` is the last. */
const cumsum: Gradient = {
  kernelName: tf.Cumsum,
  gradFunc: (dy, _, attributes) => {
    const { axis, exclusive, reverse } = attributes as unknown as tf.CumsumAttrs;
    return { x: () => tf.cumsum(dy as Tensor, axis, exclusive, !reverse) };
  },
};

/** tfjs's gradients of these are wrong. */
const refused: readonly Gradient[] = [
  withoutGradientIf(tf.MirrorPad, () => true, "tf.concat of slices that tf.reverse mirrors"),
  ...[tf.ResizeBilinear, tf.ResizeNearestNeighbor].map((kernel) =>
    withoutGradientIf(
      kernel,
      ({ halfPixelCenters }) => halfPixelCenters === true,
      "halfPixelCenters = false, the default",
    )
  ),
];

/** A gradient that throws a `Failure` (exit 2) with these attributes, else as tfjs registered it. */
function withoutGradientIf(
  kernelName: string,
  isWrong: (attributes: tf.NamedAttrMap) => boolean,
  instead: string,
): Gradient {
  const registered = tf.getGradient(kernelName);
  return {
    ...registered,
    gradFunc: (dy, saved, attributes) => {
      if (!isWrong(attributes)) return registered.gradFunc(dy, saved, attributes);
      throw new Failure(2, `tfjs's gradient of ${kernelName} is wrong here: use ${instead}`);
    },
  };
}

/** tfjs repeats the inputs of these to one shape, and forgets to add their gradients up again. */
const repeated: readonly Gradient[] = [
  tf.Maximum,
  tf.Minimum,
  tf.SquaredDifference,
  tf.BatchMatMul,
].map((kernelName) => {
  const registered = tf.getGradient(kernelName);
  return {
    ...registered,
    gradFunc: (dy, saved, attributes) => {
      const { a, b } = registered.gradFunc(dy, saved, attributes);
      return { a: () => addUp(a(), saved[0].shape), b: () => addUp(b(), saved[1].shape) };
    },
  };
});

/** Adds up the dimensions along which a tensor of this shape was repeated. */
function addUp(gradient: Tensor, shape: number[]): Tensor {
  const more = gradient.rank - shape.length;
  const axes = gradient.shape.flatMap((side, axis) => side === shape[axis - more] ? [] : [axis]);
  return axes.length === 0 ? gradient : tf.reshape(tf.sum(gradient, axes), shape);
}

const added = [einsum, topK, gatherNd, scatterNd, tensorScatterUpdate, cumsum];
for (const gradient of [...added, ...repeated, ...refused]) tf.registerGradient(gradient);
