import * as tf from "@tensorflow/tfjs";
import type { Gradients, Optimizer } from "../experiment/optimizer.ts";
import { type Rate, steps } from "../experiment/rates.ts";
import { type Schedule, schedule, type ScheduleOptions } from "../experiment/schedule.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { above, atLeast, below1, checkRange, checkRanges } from "../values/range.ts";
import {
  type Betas,
  constant,
  type Update,
  type Variable,
  type Variables,
} from "../nn/variables.ts";

/** Options of `adamw`. */
export interface AdamwOptions extends ScheduleOptions {
  /** How the learning rate changes: `steps`, `stepsByIteration` or `cosine`. Default: it stays. */
  readonly rate?: Rate;
  /**
   * Weight decay: each step subtracts rate · weightDecay · w from a variable w. Matrices and
   * kernels decay, vectors and single numbers do not. A parameter group with a decay of its own
   * sets that of all its variables, vectors too. Default: 0.05.
   */
  readonly weightDecay?: number;
  /**
   * β₁ and β₂: the decay rates of the running averages of gradients and of their squares. Default:
   * `[0.9, 0.999]`.
   */
  readonly betas?: Betas;
  /** ε, added to the root of the mean square. Default: 1e-8. */
  readonly epsilon?: number;
}

/**
 * Declares AdamW: Decoupled Weight Decay Regularization. Loshchilov and Hutter, 2019.
 * arXiv:1711.05101, as PyTorch computes it: with r the rate, g the gradient and t the number of a
 * variable's steps, w ← w − r · weightDecay · w; m ← β₁ · m + (1 − β₁) · g; v ← β₂ · v + (1 − β₂) ·
 * g²; w ← w − r · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε). A variable that no term reaches is
 * skipped. Throws a `Failure` (exit 2) if an option is out of its range, or a point of the rate does
 * not lie within the training.
 *
 * @example
 * ```ts
 * import { adamw, cosine } from "@retort/retort";
 *
 * const rate = cosine({ minimum: 1e-5, warmup: { epochs: 5, from: 1e-6 } });
 * export const schedule = adamw({ epochs: 300, batch: 1024, lr: 1e-3, rate, accumulate: 8 });
 * ```
 */
export function adamw(options: AdamwOptions): Schedule {
  const { weightDecay = 0.05, betas = [0.9, 0.999], epsilon = 1e-8 } = options;
  checkRanges("adamw", { weightDecay, epsilon }, { weightDecay: atLeast(0), epsilon: above(0) });
  for (const beta of betas) checkRange("adamw", "betas", beta, below1);
  return schedule(options, {
    id: "adamw",
    rate: options.rate ?? steps({ at: [], by: 1 }),
    declare: ({ id, options: ofRate }) => ({
      ...options.rate && { rate: { id, options: ofRate } },
      weightDecay,
      betas: [...betas],
      epsilon,
    }),
    optimizer: (trainable, create) =>
      adamOptimizer({ weightDecay, betas, epsilon }, trainable, create),
  });
}

type Adam = Required<Pick<AdamwOptions, "weightDecay" | "betas" | "epsilon">>;

/** Makes two averages for each trainable variable, one count for all, and each step's updates. */
function adamOptimizer(
  { weightDecay, betas, epsilon }: Adam,
  trainable: readonly Variable[],
  create: Variables,
): Optimizer {
  const scope = create.in("adamw");
  const [means, squares] = ["mean", "square"].map((name) => averages(trainable, scope.in(name)));
  const counts = scope.variable("steps", [trainable.length], constant(0), { trainable: false });
  const rates = trainable.map(({ paramGroup: { lr = 1 } }) => lr);
  const decays = trainable.map((variable, i) => rates[i] * decayOf(variable, weightDecay));
  return {
    update(gradients, rate) {
      const isReached = trainable.map((variable) => Number(gradients.has(variable)));
      const count = tf.add(counts.value, tf.tensor1d(isReached));
      // TensorFlow's Adam adds ε to √v: r · (m / c₁) / (√v / √c₂ + ε) = (r √c₂ / c₁) · m / (√v + ε √c₂).
      const [first, second] = betas.map((beta) => correction(beta, count));
      const root = tf.sqrt(second);
      const ownRates = tf.unstack(tf.mul(rate, tf.div(tf.mul(root, tf.tensor1d(rates)), first)));
      const epsilons = tf.unstack(tf.mul(root, epsilon));
      const ownDecays = tf.unstack(tf.mul(rate, tf.tensor1d(decays)));
      const updatesOf = (variable: Variable, i: number): Update[] => {
        const gradient = gradientOf(gradients.get(variable)!);
        const { value } = variable;
        const decay = () => tf.sub(value, tf.mul(value, ownDecays[i]));
        return [
          ...decays[i] === 0 ? [] : [{ kind: "assign", variable, value: decay() } as const],
          {
            kind: "adam",
            variable,
            mean: means[i],
            square: squares[i],
            gradient,
            betas,
            rate: ownRates[i],
            epsilon: epsilons[i],
          },
        ];
      };
      return [
        { kind: "assign", variable: counts, value: count },
        ...trainable.flatMap((variable, i) => isReached[i] ? updatesOf(variable, i) : []),
      ];
    },
  };
}

/** The only gradient of a variable that terms reach: the terms are one group. */
const gradientOf = ([gradient]: Gradients): Tensor => gradient!;

/** The weight decay of a variable: its group's, or else that of matrices and kernels alone. */
function decayOf({ shape, paramGroup }: Variable, usual: number): number {
  return paramGroup.weightDecay ?? (shape.length > 1 ? usual : 0);
}

/**
 * 1 − βᵗ, for counts t of steps. Near 1 the power itself would lose digits. β is the float32 with
 * which TensorFlow takes the average.
 */
function correction(beta: number, count: Tensor): Tensor {
  return tf.neg(tf.expm1(tf.mul(count, Math.log(Math.fround(beta)))));
}

/** Makes an average of each variable, 0 at the start. */
function averages(trainable: readonly Variable[], create: Variables): Variable[] {
  return trainable.map(({ name, shape }) =>
    create.variable(name, shape, constant(0), { trainable: false })
  );
}
