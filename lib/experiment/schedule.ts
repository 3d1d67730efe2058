import type { Json } from "../values/json.ts";
import type { Optimizer } from "./optimizer.ts";
import type { Variable, Variables } from "../nn/variables.ts";

/** How long, at what rate and by which optimiser a student trains. */
export interface Schedule {
  /** The name of its optimiser, e.g. `sgd`. */
  readonly id: string;
  /** Everything that makes it what it is; part of the declaration. */
  readonly options: Json;
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images in a step; the last step of an epoch takes what is left. */
  readonly batch: number;
  /**
   * Makes the optimiser of these variables; what it remembers from step to step are variables that
   * `create` makes.
   */
  optimizer(trainable: readonly Variable[], create: Variables): Optimizer;
  /**
   * The learning rate of a step: in the `epoch`, counted from 1, the `step`, counted from 0, of so
   * many `steps`. Without the latter: of the first step of the epoch.
   */
  rate(epoch: number, step?: number, steps?: number): number;
  /** The same over another number of epochs, its rate's milestones moved in proportion. */
  over(epochs: number): Schedule;
}
