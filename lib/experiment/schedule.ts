import type { Json } from "../values/json.ts";
import { above, atLeast, below1, checkRange, checkRanges, whole } from "../values/range.ts";
import type { Optimizer } from "./optimizer.ts";
import type { Rate } from "./rates.ts";
import type { Variable, Variables } from "../nn/variables.ts";

/** What a training does with gradients and weights around any optimiser. */
export interface AroundUpdate {
  /**
   * Largest norm of the gradient: the L2 norm over all gradients of a trial. A larger one is scaled
   * down to it, as PyTorch's `clip_grad_norm_` does. Default: none.
   */
  readonly clip?: number;
  /**
   * Decay of an exponential moving average of the student, statistics included: after each update,
   * average ← ema · average + (1 − ema) · value. It starts at the initial values. Each epoch
   * evaluates it beside the student. Default: no average.
   */
  readonly ema?: number;
  /**
   * The number of parts in which a batch goes through the networks, one after the other, so that it
   * needs the memory of one part. The loss and the update are those of the whole batch. Norms,
   * losses over pairs of images and sums over a batch (`balance` of `sakd`) see a part, each part is
   * mixed by itself, with its own λ, and a method's memories change after each. Default: 1.
   */
  readonly accumulate?: number;
}

/** The length of a run in steps. */
export interface RunLength {
  /** Steps of an epoch. */
  readonly steps: number;
  /** Steps of all epochs. The last epoch may have fewer than the others. */
  readonly total: number;
}

/** The schedule of a training: its epochs, batch size, learning rate and optimiser. */
export interface Schedule extends AroundUpdate {
  /** The name of its optimiser, e.g. `sgd`. */
  readonly id: string;
  /** All options that determine it. Part of the declaration. */
  readonly options: Json;
  /** Passes over the training images. */
  readonly epochs: number;
  /** Steps of the training, which ends within the last epoch. Default: the last epoch is whole. */
  readonly iterations?: number;
  /** Images in a step. The last step of an epoch takes the rest. */
  readonly batch: number;
  /**
   * Makes the optimiser of the `trainable` variables. `create` makes the optimiser's own variables,
   * whose values last from step to step.
   */
  optimizer(trainable: readonly Variable[], create: Variables): Optimizer;
  /**
   * The learning rate of the step `step`, counted from 0, in the epoch `epoch`, counted from 1, of
   * a run of this length. Default: the first step of the epoch, in a run with one step an epoch.
   */
  rate(epoch: number, step?: number, length?: RunLength): number;
  /**
   * The same schedule over another number of epochs, all of them whole, with its rate's points
   * moved in proportion.
   */
  over(epochs: number): Schedule;
  /**
   * The same schedule declared over another number of epochs, with no point of its rate moved, so
   * that a run can go on from a shorter one whose rates are the same. Default: none, if something
   * else than the rate depends on the number of epochs, or the last epoch is not whole.
   */
  lasting?(epochs: number): Schedule;
}

/** Options of a schedule with any optimiser. */
export interface ScheduleOptions extends AroundUpdate {
  /** Passes over the training images. */
  readonly epochs: number;
  /**
   * Steps of the training, as papers on detection declare it. `epochs` has to be this number
   * divided by the steps of an epoch, rounded up. A run checks that before it trains. Default: the
   * last epoch is whole.
   */
  readonly iterations?: number;
  /** Images in a step. */
  readonly batch: number;
  /** Learning rate before it drops and, if the rate has a warm-up, after it. */
  readonly lr: number;
}

/** What an optimiser adds to a schedule. */
export interface OptimizerParts extends Pick<Schedule, "id" | "optimizer"> {
  /** The rate that the schedule declares. */
  readonly rate: Rate;
  /** The optimiser's own options for the declaration, with those of the rate. */
  readonly declare: (rate: Rate) => { readonly [option: string]: Json };
}

/** Throws a `Failure` (exit 2) if a number of a schedule is out of its range. */
export function checkSchedule(
  { id, epochs, iterations, batch, clip, ema, accumulate }: Pick<
    Schedule,
    "id" | "epochs" | "iterations" | "batch" | keyof AroundUpdate
  >,
): void {
  checkRanges(id, { epochs, iterations, batch, clip, ema }, {
    epochs: whole(),
    iterations: whole(),
    batch: whole(),
    clip: above(0),
    ema: below1,
  });
  checkRange(id, "accumulate", accumulate, {
    words: `${whole().words}, and at most ${batch}, the batch`,
    has: (value) => whole().has(value) && value <= batch,
  });
}

/**
 * Makes a schedule of an optimiser. Throws a `Failure` (exit 2) if an option is out of its range, or
 * a point of the rate does not lie within the training.
 */
export function schedule(
  { epochs, iterations, batch, lr, clip, ema, accumulate }: ScheduleOptions,
  { id, rate: declared, declare, optimizer }: OptimizerParts,
): Schedule {
  checkSchedule({ id, epochs, iterations, batch, clip, ema, accumulate });
  checkRange(id, "lr", lr, atLeast(0));
  // Options at their defaults are omitted, so that declarations from before them keep their hashes.
  const around = {
    ...clip !== undefined && { clip },
    ...ema !== undefined && { ema },
    ...accumulate !== undefined && accumulate > 1 && { accumulate },
  };
  const ending = iterations === undefined ? {} : { iterations };
  const scheduleOver = (epochs: number, rate: Rate, end: typeof ending = {}): Schedule => ({
    id,
    options: { epochs, ...end, batch, lr, ...declare(rate), ...around },
    epochs,
    ...end,
    batch,
    ...around,
    optimizer,
    rate(epoch, step = 0, { steps, total } = { steps: 1, total: epochs }) {
      const done = (epoch - 1) * steps + step;
      const iteration = done * (iterations ?? total) / total;
      return rate.at(done / steps, { epochs: total / steps, lr, iteration });
    },
    over: (other) => scheduleOver(other, rate.over(other, epochs)),
    ...iterations === undefined && { lasting: (other) => scheduleOver(other, rate) },
  });
  declared.check?.({ epochs, lr, iterations });
  return scheduleOver(epochs, declared, ending);
}
