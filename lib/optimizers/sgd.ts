import * as tf from "@tensorflow/tfjs";
import { Failure } from "../values/failure.ts";
import type { Optimizer, Roles } from "../experiment/optimizer.ts";
import { type Rate, steps } from "../experiment/rates.ts";
import type { Schedule } from "../experiment/schedule.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { constant, type Update, type Variable, type Variables } from "../nn/variables.ts";

/** What `sgd` can be asked for. */
export interface SgdOptions {
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images in a step. */
  readonly batch: number;
  /** Learning rate before it drops; after the warm-up, where the rate has one. */
  readonly lr: number;
  /** After the epochs `at` the rate is multiplied by `by`: short for `rate: steps({ at, by })`. */
  readonly drops?: { readonly at: readonly number[]; readonly by: number };
  /**
   * How the rate changes otherwise, in place of `drops`: `steps` or `cosine`, with a warm-up or by
   * step.
   */
  readonly rate?: Rate;
  /** 0.9 unless said otherwise. */
  readonly momentum?: number;
  /** 5e-4 unless said otherwise. */
  readonly weightDecay?: number;
  /** Whether momentum is Nesterov's; no unless said otherwise. */
  readonly nesterov?: boolean;
  /**
   * Δ of DOT: A Distillation-Oriented Trainer. Zhao et al., 2023. arXiv:2307.08436: 0.075 on
   * CIFAR-100 and Tiny-ImageNet, 0.09 on ImageNet. Absent: plain SGD.
   */
  readonly dot?: number;
}

/**
 * Stochastic gradient descent with momentum and weight decay, as PyTorch has it, the rate dropping
 * at milestones. Throws a `Failure` (exit 2) where `dot` leaves a momentum outside of 0 … 1, or
 * both `drops` and `rate` are given.
 */
export function sgd(options: SgdOptions): Schedule {
  const { batch, lr, drops, momentum = 0.9, weightDecay = 5e-4, nesterov = false, dot } = options;
  if (dot !== undefined && !(momentum - Math.abs(dot) >= 0 && momentum + Math.abs(dot) < 1)) {
    throw new Failure(
      2,
      `sgd: \`dot\` is ${dot}; a momentum of ${momentum} ∓ that has to be within 0 and 1`,
    );
  }
  if (drops && options.rate) {
    throw new Failure(
      2,
      "sgd: `drops` and `rate` both say how the learning rate changes: leave one of them out",
    );
  }
  const lasting = (epochs: number, rate: Rate): Schedule => ({
    id: "sgd",
    // What is new says nothing where it is not used: declarations from before stay what they are.
    options: {
      epochs,
      batch,
      lr,
      ...options.rate ? { rate: { id: rate.id, options: rate.options } } : { drops: rate.options },
      momentum,
      weightDecay,
      ...nesterov && { nesterov },
      ...dot !== undefined && { dot },
    },
    epochs,
    batch,
    optimizer: (trainable, create) =>
      momentumOf({ momentum, weightDecay, nesterov, dot }, trainable, create),
    rate: (epoch, step = 0, steps = 1) =>
      rate.at(((epoch - 1) * steps + step) / steps, { epochs, lr }),
    over: (other) => lasting(other, rate.over(other, epochs)),
  });
  return lasting(options.epochs, options.rate ?? steps(drops ?? { at: [], by: 0.1 }));
}

/** What SGD does with gradients. */
interface Momentum {
  /** Momentum of the velocity, v ← momentum · v + gradient. */
  readonly momentum: number;
  /**
   * Added to each gradient: weightDecay · variable, for every trainable variable without its own.
   */
  readonly weightDecay: number;
  /** Whether the gradient is that ahead of the velocity, as PyTorch's `nesterov` has it. */
  readonly nesterov: boolean;
  /**
   * Δ of the distillation-oriented trainer: where both terms with the role `task` and others reach
   * a variable, the former move it with the momentum less Δ and all the weight decay, the latter
   * with the momentum and Δ. Undefined: all terms together.
   */
  readonly dot: number | undefined;
}

/**
 * Makes a velocity, with DOT two, for each trainable variable, and updates one with its gradients.
 */
function momentumOf(
  { momentum, weightDecay: usualDecay, nesterov, dot }: Momentum,
  trainable: readonly Variable[],
  create: Variables,
): Optimizer {
  const scope = create.in("velocity");
  const velocities = (scope: Variables) =>
    new Map(trainable.map((variable) => [variable, zeroVelocity(variable, scope)]));
  const usual = velocities(scope);
  const others = dot === undefined ? usual : velocities(scope.in("others"));
  return {
    groups: dot === undefined ? undefined : taskApart,
    update: (gradients, rate) =>
      Array.from(gradients).flatMap(([variable, [gradient, other]]) => {
        const { lr = 1, weightDecay = usualDecay } = variable.paramGroup;
        const paced = lr === 1 ? rate : tf.mul(rate, lr);
        const decayed = (gradient: Tensor) =>
          weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable.value, weightDecay));
        const moved = (velocities: typeof usual, gradient: Tensor, change = 0): Update => ({
          kind: "momentum",
          variable,
          velocity: velocities.get(variable)!,
          gradient,
          momentum: momentum + change,
          rate: paced,
          nesterov,
        });
        return gradient && other && dot !== undefined
          ? [moved(usual, decayed(gradient), -dot), moved(others, other, dot)]
          : [moved(usual, decayed((gradient ?? other)!))];
      }),
  };
}

/**
 * The terms of the task, and the others. Throws a `Failure` (exit 2) where no term is the task's.
 */
function taskApart(roles: Roles): readonly (readonly string[])[] {
  const names = [...roles.keys()];
  const task = names.filter((name) => roles.get(name) === "task");
  if (task.length > 0) return [task, names.filter((name) => roles.get(name) !== "task")];
  throw new Failure(
    2,
    `sgd: \`dot\` gives the task's terms a momentum of their own, and none of ${
      names.join(", ")
    } has the role "task": ` +
      'write `[weight, values, "task"]`, or leave `dot` out',
  );
}

/** The velocity of a variable at rest. */
function zeroVelocity({ name, shape }: Variable, create: Variables): Variable {
  return create.variable(name, shape, constant(0), { trainable: false });
}
