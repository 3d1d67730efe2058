import type { Tensor } from "../kernels/tensor.ts";
import type { Pass } from "./pass.ts";
import {
  type Initialiser,
  type Shape,
  uniform,
  type Variable,
  type Variables,
} from "./variables.ts";

/** A layer with its variables: a function of a batch. */
export interface Module {
  (x: Tensor, pass: Pass): Tensor;
  /** The output's shape for one sample. */
  readonly shape: Shape;
  /** Multiply-adds of convolutions and dense layers for one sample. */
  readonly multiplyAdds: number;
  /** The norm that the output, or its main branch, comes from. `undefined` if there is none. */
  readonly norm?: Norm;
}

/** A batch norm's variables, [channels] each. */
export interface Norm {
  /** Factor γ. */
  readonly scale: Variable;
  /** Offset β. */
  readonly offset: Variable;
  /** The running mean. */
  readonly mean: Variable;
  /** The running variance. */
  readonly variance: Variable;
}

/** The recipe of a layer: makes its module from a scope of variables and the input's shape. */
export type Layer = (create: Variables, input: Shape) => Module;

/** Makes a module from its parts. */
export function module(
  run: (x: Tensor, pass: Pass) => Tensor,
  shape: Shape,
  multiplyAdds = 0,
  norm?: Norm,
): Module {
  return Object.assign((x: Tensor, pass: Pass) => run(x, pass), { shape, multiplyAdds, norm });
}

/** PyTorch's default initialisers of a layer's weights and bias: U(±1/√fan-in). */
export function defaultInitialisers(
  fanIn: number,
): { initial: Initialiser; biasInitial: Initialiser } {
  const initial = uniform(1 / Math.sqrt(fanIn));
  return { initial, biasInitial: initial };
}

/**
 * The initialiser of Caffe2's layers, U(±√(3 / fan-in)): PyTorch's `kaiming_uniform_` with `a = 1`.
 */
export function kaimingUniform(fanIn: number): Initialiser {
  return uniform(Math.sqrt(3 / fanIn));
}
