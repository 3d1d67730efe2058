import * as tf from "@tensorflow/tfjs";
import { Failure } from "../values/failure.ts";
import type { Optimizer, Roles } from "../experiment/optimizer.ts";
import { type Rate, stepsOf } from "../experiment/rates.ts";
import { type Schedule, schedule, type ScheduleOptions } from "../experiment/schedule.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { atLeast, below1, checkRanges } from "../values/range.ts";
import { constant, type Update, type Variable, type Variables } from "../nn/variables.ts";

/** Options of `sgd`. */
export interface SgdOptions extends ScheduleOptions {
  /**
   * Multiplies the learning rate by `by` after each of the epochs `at`, as
   * `rate: steps({ at, by })` does. Default: no drops.
   */
  readonly drops?: { readonly at: readonly number[]; readonly by: number };
  /**
   * The rate in place of `drops`: `steps`, `stepsByIteration` or `cosine`, with a warm-up or by
   * step. Default: steps of `drops`.
   */
  readonly rate?: Rate;
  /** Momentum of the velocity. Default: 0.9. */
  readonly momentum?: number;
  /** Weight decay. Default: 5e-4. */
  readonly weightDecay?: number;
  /** Whether momentum is Nesterov's. Default: `false`. */
  readonly nesterov?: boolean;
  /**
   * Δ of DOT: A Distillation-Oriented Trainer. Zhao et al., 2023. arXiv:2307.08436. The paper has
   * 0.075 on CIFAR-100 and Tiny-ImageNet, 0.09 on ImageNet. Default: none, which is plain SGD.
   */
  readonly dot?: number;
}

/**
 * Declares stochastic gradient descent with momentum and weight decay, as in PyTorch. The learning
 * rate drops at milestones or follows `rate`. Throws a `Failure` (exit 2) if an option is out of its
 * range, a drop or a warm-up does not lie within the training, `dot` moves a momentum out of 0 … 1,
 * or both `drops` and `rate` are set.
 *
 * @example
 * ```ts
 * import { sgd } from "@retort/retort";
 *
 * const drops = { at: [150, 180, 210], by: 0.1 };
 * export const schedule = sgd({ epochs: 240, batch: 64, lr: 0.05, drops });
 * ```
 */
export function sgd(options: SgdOptions): Schedule {
  const { drops, momentum = 0.9, weightDecay = 5e-4, nesterov = false, dot } = options;
  checkRanges("sgd", { momentum, weightDecay }, { momentum: below1, weightDecay: atLeast(0) });
  if (dot !== undefined && !(momentum - Math.abs(dot) >= 0 && momentum + Math.abs(dot) < 1)) {
    throw new Failure(
      2,
      `sgd: \`dot\` is ${dot}; momentum − dot and momentum + dot have to be within 0 and 1, ` +
        `and momentum is ${momentum}`,
    );
  }
  if (drops && options.rate) {
    throw new Failure(
      2,
      "sgd: `drops` and `rate` both say how the learning rate changes: leave one of them out",
    );
  }
  return schedule(options, {
    id: "sgd",
    rate: options.rate ?? stepsOf("sgd: drops", drops ?? { at: [], by: 0.1 }),
    // Newer options are omitted at their defaults, so that old hashes stay valid.
    declare: (rate) => ({
      ...options.rate ? { rate: { id: rate.id, options: rate.options } } : { drops: rate.options },
      momentum,
      weightDecay,
      ...nesterov && { nesterov },
      ...dot !== undefined && { dot },
    }),
    optimizer: (trainable, create) =>
      momentumOptimizer({ momentum, weightDecay, nesterov, dot }, trainable, create),
  });
}

/** Options of the optimiser. */
interface Momentum {
  /** Momentum of the velocity, v ← momentum · v + gradient. */
  readonly momentum: number;
  /**
   * Weight decay of every trainable variable whose parameter group has none: weightDecay · variable
   * is added to its gradient.
   */
  readonly weightDecay: number;
  /** Whether the update looks ahead of the velocity, as PyTorch's `nesterov` does. */
  readonly nesterov: boolean;
  /**
   * Δ of the distillation-oriented trainer, for a variable that both terms with the role `task` and
   * others reach. The former move it with momentum − Δ and all the weight decay, the latter with
   * momentum + Δ. `undefined` if all terms are taken together.
   */
  readonly dot: number | undefined;
}

/**
 * Makes one velocity for each trainable variable, two with DOT, and the updates from its gradients.
 */
function momentumOptimizer(
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
    groups: dot === undefined ? undefined : separateTask,
    update: (gradients, rate) =>
      Array.from(gradients).flatMap(([variable, [gradient, other]]) => {
        const { lr = 1, weightDecay = usualDecay } = variable.paramGroup;
        const ownRate = lr === 1 ? rate : tf.mul(rate, lr);
        const addDecay = (gradient: Tensor) =>
          weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable.value, weightDecay));
        const update = (velocities: typeof usual, gradient: Tensor, change = 0): Update => ({
          kind: "momentum",
          variable,
          velocity: velocities.get(variable)!,
          gradient,
          momentum: momentum + change,
          rate: ownRate,
          nesterov,
        });
        return gradient && other && dot !== undefined
          ? [update(usual, addDecay(gradient), -dot), update(others, other, dot)]
          : [update(usual, addDecay((gradient ?? other)!))];
      }),
  };
}

/**
 * Separates the task's terms from the others. Throws a `Failure` (exit 2) if none is the task's.
 */
function separateTask(roles: Roles): readonly (readonly string[])[] {
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

/** Makes the velocity of a variable, 0 at the start. */
function zeroVelocity({ name, shape }: Variable, create: Variables): Variable {
  return create.variable(name, shape, constant(0), { trainable: false });
}
