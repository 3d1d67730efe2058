import * as tf from "@tensorflow/tfjs";
import type { Distiller, Term } from "../experiment/distiller.ts";
import { reluOp } from "../kernels/relu.ts";
import type { Tensor } from "../kernels/tensor.ts";
import {
  type Convolutional,
  lastMap,
  type Net,
  type Scorer,
  variablesAfter,
} from "../nn/network.ts";
import { applyMask } from "../nn/ops.ts";
import { passAmong } from "../nn/pass.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { regressor } from "./parts/regressor.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

const PAPER =
  "Knowledge Transfer via Distillation of Activation Boundaries Formed by Hidden Neurons. Heo et al., 2019. arXiv:1811.03233";

/** Options of `abInit`. */
export interface AbInitOptions<S extends string, T extends string> {
  /**
   * Pairs of maps to compare, the student's first. Default: the maps after the stems, in order
   * (RepDistiller).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /**
   * Distance from zero that the student must reach on the teacher's side. Default: 1 (paper,
   * RepDistiller).
   */
  readonly margin?: number;
}

/**
 * First stage of AB: Knowledge Transfer via Distillation of Activation Boundaries Formed by Hidden
 * Neurons. Heo et al., 2019. arXiv:1811.03233. The loss pulls the student's neurons, before their
 * last ReLU, to the side of zero that the teacher's are on (Eq. 6): L = 3/1000 · Σ_i 2^(i − n + 1)
 * · Σ ((s + m)²·[s > −m, t ≤ 0] + (s − m)²·[s ≤ m, t > 0]) / B over the taps i = 0 … n − 1, with m
 * the margin. s passes a learned connector if channels or sides differ. The factors are
 * RepDistiller's.
 *
 * The stage trains the connectors and the student up to its last tap. It leaves the layers after
 * that tap as they are, among them the head and the norm that closes a wide ResNet. By default only
 * those after the student's last map: if it has more maps than its teacher, the statistics of the
 * norms between move, as the reference's do. RepDistiller trains this stage for 30 epochs at the
 * student's first learning rate. The student of `ab` starts from it: `student: from(init)`.
 */
export function abInit<const S extends string = never, const T extends string = never>(
  options: AbInitOptions<S, T> = {},
): Distiller<Net<S | "logits"> & Convolutional, Net<T | "logits"> & Convolutional> {
  const { taps, margin = 1 } = options;
  return {
    id: "ab_init",
    options: checkRanges("abInit", { taps: taps ?? "maps", margin }, { margin: atLeast(0) }),
    paper: PAPER,
    frozenVariables: (student) =>
      variablesAfter(student, taps?.map(([tap]) => tap) ?? [lastMap(student)]),
    build({ create, student, teacher }) {
      const pairs = tapPairs(student, teacher, taps).map(([s, t]) => {
        const from = student.shapes[s];
        const to = teacher.shapes[t];
        const isSameShape = from.join() === to.join();
        return {
          s,
          t,
          connect: isSameShape
            ? undefined
            : create.in(`connector_${s}`)(regressor(from, to, false), from),
        };
      });
      return ({ student, teacher, live, mask }) =>
        Object.fromEntries(pairs.map(({ s, t, connect }, i): [string, Term] => {
          const spotMask = mask(s);
          const pre = connect ? connect(student.pre[s], passAmong(live, spotMask)) : student.pre[s];
          const weight = 3 / 1000 * 2 ** (i - pairs.length + 1);
          return [`ab_${s}`, [
            weight,
            applyMask(boundaryLoss(pre, teacher.pre[t], margin), spotMask),
          ]];
        }));
    },
  };
}

/**
 * Squared distance of each neuron from the margin on the teacher's side of zero, summed for each
 * sample: [batch].
 */
function boundaryLoss(student: Tensor, teacher: Tensor, margin: number): Tensor {
  const toPositive = reluOp(tf.sub(margin, student));
  const toNegative = reluOp(tf.add(student, margin));
  const distance = tf.where(tf.greater(teacher, 0), toPositive, toNegative);
  return tf.sum(tf.square(distance), [1, 2, 3]);
}

/** Options of `ab`. */
export interface AbOptions extends AlsoKdOptions {
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * Second stage of AB: Knowledge Transfer via Distillation of Activation Boundaries Formed by Hidden
 * Neurons. Heo et al., 2019. arXiv:1811.03233. The student that `abInit` trained,
 * `student: from(init)`, learns its task: L = ce · CE(s, y) + kd · T² · KL(softmax(t / T) ‖
 * softmax(s / T)), as in RepDistiller, whose weight of AB itself is 0 here.
 */
export function ab({ ce = 1, kd = 0, temperature = 4 }: AbOptions = {}): Distiller<Scorer, Scorer> {
  return {
    id: "ab",
    options: checkRanges("ab", { ce, kd, temperature }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper: PAPER,
    build: () => ({ student, teacher, task, mask }) => ({
      task: [ce, task(student), "task"],
      ...alsoKd({ student, teacher, mask }, { kd, temperature }),
    }),
  };
}
