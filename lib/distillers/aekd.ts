import * as tf from "@tensorflow/tfjs";
import { type Distiller, numberTerms, type SeveralTeachers } from "../experiment/distiller.ts";
import type { Net } from "../nn/network.ts";
import { kl, mse } from "../nn/ops.ts";
import { passAmong } from "../nn/pass.ts";
import { Failure } from "../values/failure.ts";
import { regressor } from "./parts/regressor.ts";
import { MOST_WEIGHED, weighByGradients } from "./parts/weigh_by_gradients.ts";
import { above, atLeast, between, checkRanges, whole } from "../values/range.ts";

/** Maps of the teachers that `aekd` uses as hints. */
export interface AekdHints<S extends string, T extends string> {
  /** The student's tap that the hint guides. */
  readonly guided: S;
  /** The teachers' tap that is the hint. */
  readonly hint: T;
  /** Weight of the hints. Default: 100 (CA-MKD's script for FitNets; AE-KD's default is 0). */
  readonly weight?: number;
  /** First epoch with hints. Default: 2 (AE-KD). */
  readonly begin?: number;
}

/** Options of `aekd`. */
export interface AekdOptions<S extends string, T extends string> {
  /** T. Default: 4 (AE-KD). */
  readonly temperature?: number;
  /** Weight of the cross-entropy. Default: 1 (AE-KD). */
  readonly ce?: number;
  /** Weight of the teachers' logits. Default: 0.9 (AE-KD; CA-MKD's script has 1). */
  readonly kd?: number;
  /** C, the largest weight of one of the M teachers, at least 1 / M. Default: 0.6 (AE-KD). */
  readonly most?: number;
  /**
   * Whether only the directions of the teachers' gradients count, not their lengths. Default: false
   * (AE-KD, whose hints always use directions alone).
   */
  readonly directions?: boolean;
  /** Whether all logits are standardised first (Sun et al., 2024). Default: false. */
  readonly standardised?: boolean;
  /** Maps that the student also learns from. Default: none (AE-KD). */
  readonly hints?: AekdHints<S, T>;
}

/**
 * AE-KD: Agree to Disagree: Adaptive Ensemble Knowledge Distillation in Gradient Space. Du et
 * al., 2020. NeurIPS. L = ce · CE(s, y) + kd · Σ aₘ · T² · KL(softmax(tₘ / T) ‖ softmax(s / T)).
 * The weights, Σ aₘ = 1 and 0 ≤ aₘ ≤ C, minimise the length of the mixture of the teachers'
 * gradients at the student's logits, each the batch's mean: a direction that no teacher objects to
 * (Eq. 7–9). They are constants for the gradient. `hints` add weight · Σ bₘ · mean((rₘ(s_guided) −
 * tₘ_hint)²), with rₘ as in FitNets and bₘ likewise from the gradients at the student's map.
 *
 * The weights are exact. The released code's solver stops about 1e-3 short of them.
 */
export function aekd<const S extends string = never, const T extends string = never>(
  options: AekdOptions<S, T> = {},
): Distiller<Net<S | "logits">, SeveralTeachers<Net<T | "logits">>> {
  const { temperature = 4, ce = 1, kd = 0.9, most = 0.6, directions = false, standardised } =
    options;
  const hints = options.hints && { weight: 100, begin: 2, ...options.hints };
  if (hints) checkRanges("aekd: hints", hints, { weight: atLeast(0), begin: whole() });
  return {
    id: "aekd",
    options: checkRanges("aekd", { temperature, ce, kd, most, directions, standardised, hints }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
      most: between(),
    }),
    epochOptions: hints && [{
      owner: "aekd: hints",
      option: "begin",
      value: hints.begin,
      isSet: options.hints?.begin !== undefined,
    }],
    paper:
      "Agree to Disagree: Adaptive Ensemble Knowledge Distillation in Gradient Space. Du et al., 2020. NeurIPS",
    build({ create, student, teacher: teachers }) {
      if (teachers.length > MOST_WEIGHED) {
        throw new Failure(
          2,
          `aekd weighs ${MOST_WEIGHED} teachers at most, not ${teachers.length}: aver takes any number`,
        );
      }
      if (most * teachers.length < 1) {
        throw new Failure(
          2,
          `aekd: \`most\` is ${most}; the weights of ${teachers.length} teachers add up to 1, ` +
            `so it has to be 1 / ${teachers.length} or more`,
        );
      }
      const regressors = hints
        ? teachers.map(({ shapes }, i) => {
          const from = student.shapes[hints.guided];
          return create.in(`regressor${i + 1}`)(regressor(from, shapes[hints.hint]), from);
        })
        : [];
      return ({ student, teacher, task, epoch, live, mask }) => {
        const teacherTerms = weighByGradients(
          student.taps.logits,
          teacher.map(({ taps }) => (logits) =>
            kl(logits, taps.logits, temperature, { standardised })
          ),
          { most, directions, weight: kd, mask: mask("logits") },
        );
        const hintTerms = hints
          ? weighByGradients(
            student.taps[hints.guided],
            teacher.map(({ taps }, i) => (map) =>
              mse(regressors[i](map, passAmong(live, mask(hints.guided))), taps[hints.hint])
            ),
            {
              most,
              directions: true,
              weight: tf.mul(tf.cast(tf.greaterEqual(epoch, hints.begin), "float32"), hints.weight),
              mask: mask(hints.guided),
            },
          )
          : [];
        return {
          task: [ce, task(student), "task"],
          ...numberTerms("teacher", teacherTerms),
          ...numberTerms("hint", hintTerms),
        };
      };
    },
  };
}
