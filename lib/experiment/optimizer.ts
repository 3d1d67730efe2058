import type { Role } from "./distiller.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Update, Variable } from "../nn/variables.ts";

/**
 * The gradients of a variable, one for each group of terms; undefined where none of the group
 * reaches it.
 */
export type Gradients = readonly (Tensor | undefined)[];

/** The role of each term, by name. */
export type Roles = ReadonlyMap<string, Role | undefined>;

/** What becomes of gradients. */
export interface Optimizer {
  /**
   * The names of the terms whose gradients it takes apart, group by group; absent: all terms are
   * one group.
   */
  readonly groups?: (roles: Roles) => readonly (readonly string[])[];
  /**
   * The changes of a step, to the variables that some term reaches and to what the optimiser
   * remembers of them.
   */
  readonly update: (gradients: ReadonlyMap<Variable, Gradients>, rate: Tensor) => readonly Update[];
}
