import type { Tensor } from "../kernels/tensor.ts";
import type { Pass } from "./pass.ts";
import {
  type Initialiser,
  type Shape,
  uniform,
  type Variable,
  type Variables,
} from "./variables.ts";

/** A layer that has its variables: a function of a batch. */
export interface Module {
  (x: Tensor, pass: Pass): Tensor;
  /** What comes out for each sample. */
  readonly shape: Shape;
  /** Multiply-adds of convolutions and dense layers for one sample. */
  readonly multiplyAdds: number;
  /**
   * The norm that its output comes from, or the output's main branch; absent where there is none.
   */
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

/**
 * A layer as it is described: given where to make variables and what comes in, the function it
 * becomes.
 */
export type Layer = (create: Variables, input: Shape) => Module;

/** Makes a module of its parts. */
export function module(
  run: (x: Tensor, pass: Pass) => Tensor,
  shape: Shape,
  multiplyAdds = 0,
  norm?: Norm,
): Module {
  return Object.assign((x: Tensor, pass: Pass) => run(x, pass), { shape, multiplyAdds, norm });
}

/** How PyTorch starts weights and bias of a layer where nothing else is said: U(±1/√fan-in). */
export function byDefault(fanIn: number): { initial: Initialiser; biasInitial: Initialiser } {
  const initial = uniform(1 / Math.sqrt(fanIn));
  return { initial, biasInitial: initial };
}
