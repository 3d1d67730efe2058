import type { Role } from "./distiller.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Update, Variable } from "../nn/variables.ts";

/**
 * The gradients of a variable, one for each group of terms. `undefined` if no term of the group
 * reaches it.
 */
export type Gradients = readonly (Tensor | undefined)[];

/** The role of each term, by name. */
export type Roles = ReadonlyMap<string, Role | undefined>;

/** An optimiser: it turns gradients into updates of variables. */
export interface Optimizer {
  /**
   * Splits the names of the terms into groups whose gradients it gets separately. Default: all
   * terms are one group.
   */
  readonly groups?: (roles: Roles) => readonly (readonly string[])[];
  /**
   * Computes the updates of a step: those of the variables that some term reaches, and those of the
   * optimiser's own variables.
   */
  readonly update: (gradients: ReadonlyMap<Variable, Gradients>, rate: Tensor) => readonly Update[];
}
