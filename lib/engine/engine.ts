import type { Inputs } from "../values/input.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Update, Variable } from "../nn/variables.ts";

/**
 * Named things, each by itself or in a named group, e.g. `{ loss: 1, terms: { task: 0.6, kd: 0.4 }
 * }`.
 */
export type Nested<T> = { readonly [name: string]: T | Nested<T> };

/** The same names with a `U` in the place of each `T`. */
export type Replaced<N, T, U> = {
  readonly [K in keyof N]: N[K] extends T ? U : Replaced<N[K], T, U>;
};

/** The tensors of a step that groups none of its values. */
export type Ungrouped = { readonly [name: string]: Tensor };

/** The result of a function of tensors: values to look at and changes to make. */
export interface StepOutcome<V extends Nested<Tensor> = Ungrouped> {
  /** The values by name, in groups or not. */
  readonly values: V;
  /** Changes to variables, in order: the last one of a variable counts. */
  readonly updates: readonly Update[];
}

/**
 * A pure function of named tensors and of the variables' values: an engine compiles it or runs it
 * eagerly.
 */
export type Traced<I extends string, V extends Nested<Tensor> = Ungrouped> = (
  inputs: { readonly [K in I]: Tensor },
) => StepOutcome<V>;

/** The values of a step as arrays, under the names of its tensors. */
export type Values<V extends Nested<Tensor> = Ungrouped> = Replaced<V, Tensor, Float32Array>;

/** A function of a batch that runs one after another: its variables change with each call. */
export type Runnable<I extends string, V extends Nested<Tensor> = Ungrouped> = (
  inputs: Inputs<I>,
) => Promise<Values<V>>;

/** Where variables live and steps run: one TensorFlow graph, or op by op. */
export interface Engine {
  /** Makes a step a function of a batch. */
  compile<I extends string, V extends Nested<Tensor> = Ungrouped>(
    traced: Traced<I, V>,
  ): Runnable<I, V>;
  /**
   * Takes these variables in, with the values given by name, or the values they start with; a fixed
   * one always with these.
   */
  hold(variables: readonly Variable[], values?: ReadonlyMap<string, Float32Array>): Promise<void>;
  /** The present values of variables. */
  read(variables: readonly Variable[]): Promise<Float32Array[]>;
  /** Releases everything it holds. */
  close(): void;
}

/**
 * Puts another thing in the place of each one, in order. A group is a plain object, and nothing
 * else is.
 */
export function replaceEach<T, U, N extends Nested<T>>(
  named: N,
  replace: (one: T) => U,
): Replaced<N, T, U> {
  const replaced = Object.entries(named).map(([name, one]) => [
    name,
    isGroup(one) ? replaceEach(one, replace) : replace(one),
  ]);
  return Object.fromEntries(replaced);
}

function isGroup<T>(one: T | Nested<T>): one is Nested<T> {
  return typeof one === "object" && one !== null && Object.getPrototypeOf(one) === Object.prototype;
}
