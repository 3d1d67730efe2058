import * as tf from "@tensorflow/tfjs";
import type { Distiller, Views } from "../experiment/distiller.ts";
import type { Output, Scorer } from "../nn/network.ts";
import { applyMask, kl, type Related, selectRelated, softmax } from "../nn/ops.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `mlkd`. */
export interface MlkdOptions {
  /**
   * The first of the temperatures. The others are always 3, 5, 2 and 6. Default: 4 (released code),
   * or 2 for standardised logits.
   */
  readonly temperature?: number;
  /** Weight of the cross-entropy of each view. Default: 0.1 (released code). */
  readonly ce?: number;
  /** Weight of the three alignments. Default: 0.9 (released code), or 9 for standardised logits. */
  readonly kd?: number;
  /**
   * Whether the logits of the instances' alignment are standardised first (Sun et al., 2024).
   * Default: `false`.
   */
  readonly standardised?: boolean;
}

/**
 * MLKD: Multi-level Logit Distillation. Jin, Wang, Lin, 2023. CVPR. Student and teacher see two
 * views of each image: the data set's own, w, and one called `strong`, v: in the released code
 * FixMatch's variant of RandAugment, `views: { strong: { policy: fixMatchAugment() } }`.
 * With P = softmax(· / T), [batch, classes], and temperatures T of 4, 3, 5, 2 and 6, L = ce ·
 * (CE(s_w, y) + CE(s_v, y)) + kd · (instances + classes + batch): instances = Σ_T m · KL_T(t_w ‖
 * s_w) + Σ_{T = 4, 3, 5} KL_T(t_v ‖ s_v) + Σ_{T = 2, 6} KL_T(t_w ‖ s_w); classes = Σ_T c · ‖PₛᵀPₛ −
 * PₜᵀPₜ‖² / classes and batch = Σ_T m · ‖PₛPₛᵀ − PₜPₜᵀ‖² / batch, both of w only. m is the share of
 * samples whose confidence (the teacher's highest probability) is at most the median. c is the
 * share of classes whose probabilities, summed over the batch, are at most their median.
 *
 * This equals the released code, number for number. That code multiplies losses that are already
 * averaged by masks of samples and of classes, so that a mask is a factor of about a half. At the
 * last two temperatures of the strong view it takes the weak view's logits. It leaves out the
 * strong view's classes and batch.
 */
export function mlkd(options: MlkdOptions = {}): Distiller<Scorer, Scorer, Views<"strong">> {
  const {
    standardised,
    temperature = standardised ? 2 : 4,
    ce = 0.1,
    kd = standardised ? 9 : 0.9,
  } = options;
  return {
    id: "mlkd",
    options: checkRanges("mlkd", { temperature, ce, kd, standardised }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper: "Multi-level Logit Distillation. Jin, Wang, Lin, 2023. CVPR",
    build: (models) => ({ student, teacher, views: { strong }, task, live, frozen, mask }) => {
      const strongOutput: Output<Scorer> = models.student.run(strong, live);
      const weakLogits = { student: student.taps.logits, teacher: teacher.taps.logits };
      const strongLogits = {
        student: strongOutput.taps.logits,
        teacher: models.teacher.run(strong, frozen).taps.logits,
      };
      const levels = alignments(
        weakLogits,
        strongLogits,
        temperature,
        standardised,
        mask("logits"),
      );
      return {
        task: [ce, tf.add(task(student), task(strongOutput)), "task"],
        kd: [kd, levels.instances],
        cc: [kd, levels.classes],
        bc: [kd, levels.batch],
      };
    },
  };
}

/** The logits of one view, [batch, classes]. */
type Logits = Record<"student" | "teacher", Tensor>;

function alignments(
  weak: Logits,
  strong: Logits,
  temperature: number,
  standardised = false,
  mask?: Tensor,
) {
  const samples = selectRelated(mask, weak.student);
  const { chosen, count } = samples;
  const temperatures = [temperature, 3, 5, 2, 6];
  const probabilities = tf.mul(softmax(weak.teacher), tf.expandDims(chosen, 1));
  const unsure = tf.div(countAtMostMedian(tf.max(probabilities, 1), chosen), count);
  const rare = tf.div(countAtMostMedian(tf.sum(probabilities, 0)), weak.student.shape[1]!);
  const divergence = ({ student, teacher }: Logits, temperature: number) =>
    kl(student, teacher, temperature, { standardised });
  const instances = temperatures.map((T, i) =>
    tf.add(tf.mul(divergence(weak, T), unsure), divergence(i < 3 ? strong : weak, T))
  );
  const relations = temperatures.map((T) => relation(weak, T, samples));
  return {
    instances: applyMask(tf.addN(instances), mask),
    classes: tf.mul(tf.mul(tf.addN(relations.map(({ classes }) => classes)), rare), chosen),
    batch: tf.mul(tf.mul(tf.addN(relations.map(({ batch }) => batch)), unsure), chosen),
  };
}

/**
 * The distances of the student's products of probabilities, by class and by sample, to the
 * teacher's.
 */
function relation({ student, teacher }: Logits, temperature: number, { chosen, count }: Related) {
  const [s, t] = [student, teacher].map((logits) =>
    tf.mul(softmax(logits, temperature), tf.expandDims(chosen, 1)) as tf.Tensor2D
  );
  const distance = (a: Tensor, b: Tensor) => tf.sum(tf.squaredDifference(a, b));
  return {
    classes: tf.div(distance(tf.matMul(s, s, true), tf.matMul(t, t, true)), student.shape[1]!),
    batch: tf.div(distance(tf.matMul(s, s, false, true), tf.matMul(t, t, false, true)), count),
  };
}

/**
 * The number of `chosen` values that are at most their median: fewer than half of the values are
 * below each of them.
 */
function countAtMostMedian(values: Tensor, chosen: Tensor = tf.onesLike(values)): Tensor {
  const isBelow = tf.cast(tf.less(tf.expandDims(values, 0), tf.expandDims(values, 1)), "float32");
  const below = tf.sum(tf.mul(isBelow, chosen), 1);
  return tf.sum(tf.mul(tf.cast(tf.less(below, tf.div(tf.sum(chosen), 2)), "float32"), chosen));
}
