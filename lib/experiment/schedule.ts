import type { Json } from "../values/json.ts";
import type { Optimizer } from "./optimizer.ts";
import type { Variable, Variables } from "../nn/variables.ts";

/** The schedule of a training: its epochs, batch size, learning rate and optimiser. */
export interface Schedule {
  /** The name of its optimiser, e.g. `sgd`. */
  readonly id: string;
  /** All options that determine it. Part of the declaration. */
  readonly options: Json;
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images in a step. The last step of an epoch takes the rest. */
  readonly batch: number;
  /**
   * Makes the optimiser of the `trainable` variables. `create` makes the optimiser's own variables,
   * whose values last from step to step.
   */
  optimizer(trainable: readonly Variable[], create: Variables): Optimizer;
  /**
   * The learning rate of the step `step`, counted from 0, of the `steps` in the epoch `epoch`,
   * counted from 1. Default: the first step of the epoch.
   */
  rate(epoch: number, step?: number, steps?: number): number;
  /**
   * The same schedule over another number of epochs, with its rate's points moved in proportion.
   */
  over(epochs: number): Schedule;
  /**
   * The same schedule declared over another number of epochs, with no point of its rate moved, so
   * that a run can go on from a shorter one whose rates are the same. Default: none, if something
   * else than the rate depends on the number of epochs.
   */
  lasting?(epochs: number): Schedule;
}
