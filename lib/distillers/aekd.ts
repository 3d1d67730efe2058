import * as tf from "@tensorflow/tfjs";
import { type Distiller, numbered, type Several, type Term } from "../distiller.ts";
import { Failure } from "../failure.ts";
import { shortestMixture } from "../kernels/shortest_mixture.ts";
import { among } from "../layers.ts";
import type { Net } from "../network.ts";
import { flat, gram, kl, masked, mse, root, stop, unit } from "../ops.ts";
import type { Tensor } from "../tensor.ts";
import { regressor } from "./fitnets.ts";

/** Maps of the teachers that `aekd` gives as hints. */
export interface AekdHints<S extends string, T extends string> {
  /** The student's tap that is guided. */
  readonly guided: S;
  /** The teachers' tap that guides. */
  readonly hint: T;
  /** Weight of the hints; 100 (CA-MKD's script for FitNets; AE-KD's default is 0). */
  readonly weight?: number;
  /** The epoch from which they count; 2 (AE-KD). */
  readonly begin?: number;
}

/** What `aekd` can be asked for. */
export interface AekdOptions<S extends string, T extends string> {
  /** T; 4 (AE-KD). */
  readonly temperature?: number;
  /** Weight of the cross-entropy; 1 (AE-KD). */
  readonly ce?: number;
  /** Weight of what the teachers' logits teach; 0.9 (AE-KD; in CA-MKD's script 1). */
  readonly kd?: number;
  /** C, how much one teacher may count at most, where 1 / M each is the least; 0.6 (AE-KD). */
  readonly most?: number;
  /** Whether teachers count by the directions of their gradients alone; no (AE-KD, whose hints always do). */
  readonly directions?: boolean;
  /** Whether all logits are standardised first (Sun et al., 2024); no. */
  readonly standardised?: boolean;
  /** Maps that are learned too; none (AE-KD). */
  readonly hints?: AekdHints<S, T>;
}

/**
 * AE-KD: Agree to Disagree: Adaptive Ensemble Knowledge Distillation in Gradient Space. Du et al., 2020. NeurIPS.
 * L = ce · CE(s, y) + kd · Σ aₘ · T² · KL(softmax(tₘ / T) ‖ softmax(s / T)): the weights, Σ aₘ = 1 and 0 ≤ aₘ ≤ C, make
 * the mixture of the teachers' gradients at the student's logits, each the batch's mean, as short as can be, a direction
 * that no teacher objects to (Eq. 7–9). They are constants for the gradient. With `hints` also weight · Σ bₘ ·
 * mean((rₘ(s_guided) − tₘ_hint)²), rₘ as in FitNets, bₘ likewise from the gradients at the student's map.
 *
 * The weights are exact; the released code's solver stops about 1e-3 short of them.
 */
export function aekd<const S extends string = never, const T extends string = never>(
  options: AekdOptions<S, T> = {},
): Distiller<Net<S | "logits">, Several<Net<T | "logits">>> {
  const { temperature = 4, ce = 1, kd = 0.9, most = 0.6, directions = false, standardised } = options;
  const hints = options.hints && { weight: 100, begin: 2, ...options.hints };
  return {
    id: "aekd",
    options: { temperature, ce, kd, most, directions, standardised, hints },
    paper: "Agree to Disagree: Adaptive Ensemble Knowledge Distillation in Gradient Space. Du et al., 2020. NeurIPS",
    build({ create, student, teacher: teachers }) {
      if (teachers.length > MOST_TEACHERS) {
        throw new Failure(
          2,
          `aekd weighs ${MOST_TEACHERS} teachers at most, not ${teachers.length}: aver takes any number`,
        );
      }
      const regressors = hints
        ? teachers.map(({ shapes }, i) => {
          const from = student.shapes[hints.guided];
          return create.in(`regressor${i + 1}`)(regressor(from, shapes[hints.hint]), from);
        })
        : [];
      return ({ student, teacher, task, epoch, live, mask }) => {
        const taught = weighedByGradients(
          student.taps.logits,
          teacher.map(({ taps }) => (logits) => kl(logits, taps.logits, temperature, { standardised })),
          { most, directions, weight: kd, mask: mask("logits") },
        );
        const hinted = hints
          ? weighedByGradients(
            student.taps[hints.guided],
            teacher.map(({ taps }, i) => (map) =>
              mse(regressors[i](map, among(live, mask(hints.guided))), taps[hints.hint])
            ),
            {
              most,
              directions: true,
              weight: tf.mul(tf.cast(tf.greaterEqual(epoch, hints.begin), "float32"), hints.weight),
              mask: mask(hints.guided),
            },
          )
          : [];
        return { task: [ce, task(student), "task"], ...numbered("teacher", taught), ...numbered("hint", hinted) };
      };
    },
  };
}

/** The number of faces that are tried grows as 3 to that of the teachers. */
const MOST_TEACHERS = 8;

/** How losses are weighed. */
export interface Weighing {
  /** The most that one of them may count. */
  readonly most: number;
  /** Whether the lengths of their gradients do not count. */
  readonly directions: boolean;
  /** What all count together. */
  readonly weight: number | Tensor;
  /** Which samples do. */
  readonly mask: Tensor | undefined;
}

/** Losses of x, [batch, …], per sample, weighed by the gradients that they have there. */
export function weighedByGradients(
  x: Tensor,
  losses: readonly ((x: Tensor) => Tensor)[],
  { most, directions, weight, mask }: Weighing,
): Term[] {
  const chosen = mask ?? tf.ones([x.shape[0]]), found = losses.map((loss) => tf.valueAndGrad(loss)(x, chosen));
  const gradients = stop(tf.stack(found.map(({ grad }) => flat(tf.sum(grad, 0, true)))));
  const shares = tf.unstack(agreement(tf.squeeze(gradients, [1]), most, directions));
  return found.map(({ value }, i) => [tf.mul(shares[i], weight), masked(value, mask)]);
}

/** The weights of gradients, [count, …], by which their mixture is the shortest. */
function agreement(gradients: Tensor, most: number, directions: boolean): Tensor {
  if (!directions) return shortestMixture(gram(gradients), most);
  const lengths = root(tf.sum(tf.square(gradients), 1)), mixture = shortestMixture(gram(unit(gradients)), most);
  const weights = tf.div(mixture, tf.maximum(lengths, 1e-12));
  return tf.div(weights, tf.sum(weights));
}
