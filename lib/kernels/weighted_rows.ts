import * as tf from "@tensorflow/tfjs";
import { customGradient } from "./custom_gradient.ts";
import type { Tensor } from "./tensor.ts";
import { Attr, DataType, typeAttribute } from "../tensorflow/binding.ts";
import { FLOAT, type Native, nativeOr } from "./native.ts";

/** Which rows are added up with which weights. */
export interface RowTerms {
  /** The rows, int32 [sums, terms]. One may be there more than once. */
  readonly indices: Tensor;
  /** [sums, terms]. */
  readonly weights: Tensor;
}

/**
 * Weighted sums of the rows of `x`, [rows, columns]: [sums, columns]. Gradients flow to `x` only.
 * Runs TensorFlow's product with a sparse matrix, in both directions row by row of the result: no
 * two threads add to one number, and the order is fixed. The twin on tfjs's own backend is a loop.
 */
export function weightedRows(x: Tensor, terms: RowTerms): Tensor {
  const [rows] = x.shape;
  const product = nativeOr(() => productTwin, (native) => productOf(native));
  return customGradient((x, save) => {
    (save as tf.GradSaveFunc)([terms.indices, terms.weights]);
    const gradFunc = (dy: Tensor, [indices, weights]: Tensor[]) =>
      product({ indices, weights }, rows, dy, true);
    return { value: product(terms, rows, x as Tensor, false), gradFunc };
  })(x);
}

/** The sparse matrix of `terms`, [sums, rows], or its transpose, times `x`. */
type Product = (terms: RowTerms, rows: number, x: Tensor, transpose: boolean) => Tensor;

/** The product as TensorFlow's ops. */
function productOf(native: Native): Product {
  const { float32, int32, int64 } = DataType;
  const off = (name: string) => ({ name, type: Attr.bool, value: false });
  const attributes = [
    FLOAT,
    ...["transpose_a", "transpose_b", "adjoint_a", "adjoint_b"].map(off),
    ...["transpose_output", "conjugate_output"].map(off),
  ];
  return ({ indices, weights }, rows, x, transpose) => {
    const [sums, terms] = indices.shape as [number, number];
    const sum = tf.tile(tf.expandDims(tf.range(0, sums, 1, "int32"), 1), [1, terms]);
    const places = tf.reshape(tf.stack([sum, indices], 2), [-1, 2]);
    const sizes = tf.tensor1d([sums, rows], "int32");
    const [result] = native.chain(
      [places, tf.reshape(weights, [-1]), sizes, x],
      ({ op, constant }, places, weights, sizes, x) => {
        const [at, shape] = [places, sizes].map((x) =>
          op("Cast", [x], [typeAttribute("SrcT", int32), typeAttribute("DstT", int64)])[0]
        );
        const [matrix] = op("SparseTensorToCSRSparseMatrix", [at, weights, shape], [FLOAT]);
        const [left] = transpose
          ? op("SparseMatrixTranspose", [matrix], [
            off("conjugate"),
            typeAttribute("type", float32),
          ])
          : [matrix];
        const [value] = op("SparseMatrixMatMul", [left, x], attributes);
        const known = constant([2], int32, Int32Array.of(transpose ? rows : sums, -1));
        return op("Reshape", [value, known], [FLOAT, typeAttribute("Tshape", int32)]);
      },
    );
    return result;
  };
}

/** The product in JavaScript. */
const productTwin: Product = ({ indices, weights }, rows, x, transpose) => {
  const [sums, terms] = indices.shape as [number, number];
  const columns = x.shape[1]!;
  const [row, factor, from] = [indices.dataSync(), weights.dataSync(), x.dataSync()];
  const out = new Float32Array((transpose ? rows : sums) * columns);
  for (let i = 0; i < row.length; i++) {
    const sum = Math.floor(i / terms);
    const [to, source] = transpose ? [row[i], sum] : [sum, row[i]];
    for (let column = 0; column < columns; column++) {
      out[to * columns + column] += factor[i] * from[source * columns + column];
    }
  }
  return tf.tensor2d(out, [transpose ? rows : sums, columns]);
};
