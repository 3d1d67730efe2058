import { Failure } from "./failure.ts";
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
  /** Whether the gradient is that ahead of the velocity, as PyTorch's `nesterov` has it. */
  readonly nesterov: boolean;
  /**
   * Δ of the distillation-oriented trainer: where both terms with the role `task` and others reach a variable,
   * the former move it with the momentum less Δ and all the weight decay, the latter with the momentum and Δ.
   * Undefined: all terms together.
   */
  readonly dot: number | undefined;
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
  /** Whether momentum is Nesterov's; no unless said otherwise. */
  readonly nesterov?: boolean;
  /**
   * Δ of DOT: A Distillation-Oriented Trainer. Zhao et al., 2023. arXiv:2307.08436: 0.075 on CIFAR-100 and Tiny-ImageNet,
   * 0.09 on ImageNet. Absent: plain SGD.
   */
  readonly dot?: number;
}

/**
 * Stochastic gradient descent with momentum and weight decay, as PyTorch has it, the rate dropping at milestones. Throws a
 * `Failure` (exit 2) where `dot` leaves a momentum outside of 0 … 1.
 */
export function sgd(options: SgdOptions): Schedule {
  const { epochs, batch, lr, drops = { at: [], by: 0.1 }, momentum = 0.9, weightDecay = 5e-4 } = options;
  const { nesterov = false, dot } = options;
  if (dot !== undefined && !(momentum - Math.abs(dot) >= 0 && momentum + Math.abs(dot) < 1)) {
    throw new Failure(2, `sgd: \`dot\` is ${dot}; a momentum of ${momentum} ∓ that has to be within 0 and 1`);
  }
  return {
    id: "sgd",
    // What is new says nothing where it is not used: declarations from before stay what they are.
    options: {
      epochs,
      batch,
      lr,
      drops: { at: drops.at, by: drops.by },
      momentum,
      weightDecay,
      ...nesterov && { nesterov },
      ...dot !== undefined && { dot },
    },
    epochs,
    batch,
    momentum,
    weightDecay,
    nesterov,
    dot,
    rate: (epoch) => lr * drops.by ** drops.at.filter((milestone) => milestone < epoch).length,
    over: (other) =>
      sgd({
        ...options,
        epochs: other,
        drops: { ...drops, at: drops.at.map((at) => Math.round(at * other / epochs)) },
      }),
  };
}
