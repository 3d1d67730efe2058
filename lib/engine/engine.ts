import type { Inputs } from "../values/input.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Update, Variable } from "../nn/variables.ts";

/** Named values, single or in named groups, e.g. `{ loss: 1, terms: { task: 0.6, kd: 0.4 } }`. */
export type Nested<T> = { readonly [name: string]: T | Nested<T> };

/** The same names with a `U` in place of each `T`. */
export type Replaced<N, T, U> = {
  readonly [K in keyof N]: N[K] extends T ? U : Replaced<N[K], T, U>;
};

/** The tensors of a step without groups. */
export type Ungrouped = { readonly [name: string]: Tensor };

/** The result of a step: values to return and updates to make. */
export interface StepOutcome<V extends Nested<Tensor> = Ungrouped> {
  readonly values: V;
  /** Updates of variables, made in this order. */
  readonly updates: readonly Update[];
}

/**
 * A step: a pure function of named tensors and of the variables' values. An engine compiles it or
 * runs it eagerly.
 */
export type StepFunction<I extends string, V extends Nested<Tensor> = Ungrouped> = (
  inputs: { readonly [K in I]: Tensor },
) => StepOutcome<V>;

/** The values of a step as arrays, under the names of its tensors. */
export type Values<V extends Nested<Tensor> = Ungrouped> = Replaced<V, Tensor, Float32Array>;

/**
 * A step as a function of a batch. Calls run one after another, because each changes the variables.
 */
export type CompiledStep<I extends string, V extends Nested<Tensor> = Ungrouped> = (
  inputs: Inputs<I>,
) => Promise<Values<V>>;

/** Holds variables and runs steps, as one TensorFlow graph or op by op. */
export interface Engine {
  /** Returns a step as a function of a batch. */
  compile<I extends string, V extends Nested<Tensor> = Ungrouped>(
    step: StepFunction<I, V>,
  ): CompiledStep<I, V>;
  /**
   * Stores these variables with their `values` by name, or else with their initial values. A fixed
   * variable always has its initial value.
   */
  hold(variables: readonly Variable[], values?: ReadonlyMap<string, Float32Array>): Promise<void>;
  /** Reads the current values of variables. */
  read(variables: readonly Variable[]): Promise<Float32Array[]>;
  /** Releases everything it holds. */
  close(): void;
}

/** Replaces each value, in order. Only a plain object is a group. */
export function mapNested<T, U, N extends Nested<T>>(
  named: N,
  replace: (value: T) => U,
): Replaced<N, T, U> {
  const entries = Object.entries(named).map(([name, value]) => [
    name,
    isGroup(value) ? mapNested(value, replace) : replace(value),
  ]);
  return Object.fromEntries(entries);
}

function isGroup<T>(value: T | Nested<T>): value is Nested<T> {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}
