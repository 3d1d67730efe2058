import type { Json } from "./json.ts";

/** How long and at what pace a student trains. */
export interface Schedule {
  /** `sgd`. */
  readonly id: string;
  /** Everything that makes it what it is; part of the declaration. */
  readonly options: Json;
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images in a step; the last step of an epoch takes what is left. */
  readonly batch: number;
  /** Momentum of the velocity, v ← momentum · v + gradient. */
  readonly momentum: number;
  /** Added to each gradient: weightDecay · variable, for every trainable variable. */
  readonly weightDecay: number;
  /** The learning rate of an epoch, counted from 1. */
  rate(epoch: number): number;
  /** The same over another number of epochs, its milestones moved in proportion. */
  over(epochs: number): Schedule;
}

/** What `sgd` can be asked for. */
export interface SgdOptions {
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images in a step. */
  readonly batch: number;
  /** Learning rate of the first epoch. */
  readonly lr: number;
  /** After the epochs `at` the rate is multiplied by `by`. */
  readonly drops?: { readonly at: readonly number[]; readonly by: number };
  /** 0.9 unless said otherwise. */
  readonly momentum?: number;
  /** 5e-4 unless said otherwise. */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent with momentum and weight decay, as PyTorch has it, the rate dropping at milestones. */
export function sgd(options: SgdOptions): Schedule {
  const { epochs, batch, lr, drops = { at: [], by: 0.1 }, momentum = 0.9, weightDecay = 5e-4 } = options;
  return {
    id: "sgd",
    options: { epochs, batch, lr, drops: { at: drops.at, by: drops.by }, momentum, weightDecay },
    epochs,
    batch,
    momentum,
    weightDecay,
    rate: (epoch) => lr * drops.by ** drops.at.filter((milestone) => milestone < epoch).length,
    over: (other) =>
      sgd({
        ...options,
        epochs: other,
        drops: { ...drops, at: drops.at.map((at) => Math.round(at * other / epochs)) },
      }),
  };
}
