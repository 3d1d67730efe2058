import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./tensor.ts";
import { Attr } from "../tensorflow/binding.ts";
import { FLOAT, nativeOr } from "./native.ts";

/** The eigenvalues and eigenvectors of symmetric matrices. */
export interface Eigen {
  /** Eigenvalues, ascending, [batch, n]. */
  readonly values: Tensor;
  /** The eigenvector of each as a column of length 1 and either sign, [batch, n, n]. */
  readonly vectors: Tensor;
}

/**
 * The eigenvalues and eigenvectors of symmetric matrices [batch, n, n]. No gradient flows through.
 * Runs TensorFlow's `SelfAdjointEigV2`, or its twin on tfjs's own backend.
 */
export function eigh(matrices: Tensor): Eigen {
  return nativeOr(() => eighTwin(matrices), (native) => {
    // NaN or infinity would end the run of the whole graph. The loss contains it too and must be
    // the one to report it.
    const finite = tf.where(tf.isFinite(matrices), matrices, tf.zerosLike(matrices));
    const attributes = [FLOAT, { name: "compute_v", type: Attr.bool, value: true }];
    const [values, vectors] = native.op("SelfAdjointEigV2", [finite], attributes, 2);
    return { values, vectors };
  });
}

/**
 * `eigh` by Jacobi rotations in double precision. Reads the matrices, which tfjs's own backend
 * always allows.
 */
function eighTwin(matrices: Tensor): Eigen {
  const [batch, n] = matrices.shape;
  const size = n! * n!;
  const all = matrices.dataSync();
  const values = new Float32Array(batch * n!);
  const vectors = new Float32Array(batch * size);
  for (let b = 0; b < batch; b++) {
    const { a, v } = diagonalise(Float64Array.from(all.subarray(b * size, (b + 1) * size)), n!);
    const order = Array.from({ length: n! }, (_, i) => i).sort((i, j) =>
      a[i * n! + i] - a[j * n! + j]
    );
    order.forEach((from, to) => {
      values[b * n! + to] = a[from * n! + from];
      for (let row = 0; row < n!; row++) vectors[b * size + row * n! + to] = v[row * n! + from];
    });
  }
  return {
    values: tf.tensor2d(values, [batch, n!]),
    vectors: tf.tensor3d(vectors, [batch, n!, n!]),
  };
}

/** Sweeps over every pair of rows. The off-diagonal falls quadratically, so ten would do. */
const SWEEPS = 16;

/**
 * Rotates a symmetric matrix `a` in place until it is diagonal. `v` is the product of the
 * rotations.
 */
function diagonalise(a: Float64Array, n: number): { a: Float64Array; v: Float64Array } {
  const v = Float64Array.from(a, (_, i) => i % (n + 1) === 0 ? 1 : 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const off = a[p * n + q];
        if (off === 0) continue;
        const ratio = (a[q * n + q] - a[p * n + p]) / (2 * off);
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
        const cosine = 1 / Math.hypot(tangent, 1);
        const sine = tangent * cosine;
        for (let i = 0; i < n; i++) rotate(a, i * n + p, i * n + q, cosine, sine);
        for (let i = 0; i < n; i++) rotate(a, p * n + i, q * n + i, cosine, sine);
        for (let i = 0; i < n; i++) rotate(v, i * n + p, i * n + q, cosine, sine);
      }
    }
  }
  return { a, v };
}

function rotate(x: Float64Array, i: number, j: number, cosine: number, sine: number): void {
  const xi = x[i];
  const xj = x[j];
  x[i] = cosine * xi - sine * xj;
  x[j] = sine * xi + cosine * xj;
}
