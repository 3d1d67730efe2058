import type { Tensor } from "./tensor.ts";
import type { Update, Variable } from "./variables.ts";

/** The gradients of a variable, one for each group of terms; undefined where none of the group reaches it. */
export type Gradients = readonly (Tensor | undefined)[];

/** What becomes of gradients. */
export interface Optimizer {
  /** The groups of terms whose gradients it takes apart, from the terms' names; absent: all are one group. */
  readonly groups?: (terms: readonly string[]) => readonly (readonly string[])[];
  /** The changes of a step, to the variables that some term reaches and to what the optimiser remembers of them. */
  readonly update: (gradients: ReadonlyMap<Variable, Gradients>, rate: Tensor) => readonly Update[];
}
