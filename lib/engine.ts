import type { Inputs } from "./input.ts";
import type { Traced } from "./step.ts";
import type { Variable } from "./variables.ts";

/** What a step's values are as arrays. */
export type Values = { readonly [name: string]: Float32Array };

/** A function of a batch that runs one after another: its variables change with each call. */
export type Runnable<I extends string> = (inputs: Inputs<I>) => Promise<Values>;

/** Where variables live and steps run: one TensorFlow graph, or op by op. */
export interface Engine {
  /** Makes a step a function of a batch. */
  compile<I extends string>(traced: Traced<I>): Runnable<I>;
  /** Takes these variables in, with the values given by name, or the values they start with; a fixed one always with these. */
  hold(variables: readonly Variable[], values?: ReadonlyMap<string, Float32Array>): Promise<void>;
  /** The present values of variables. */
  read(variables: readonly Variable[]): Promise<Float32Array[]>;
  /** Releases everything it holds. */
  close(): void;
}
