import * as tf from "@tensorflow/tfjs";
import type { Distiller, Term } from "../experiment/distiller.ts";
import { reluOp } from "../kernels/relu.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { lastMap, type Net, type Scorer, variablesBehind } from "../nn/network.ts";
import { masked } from "../nn/ops.ts";
import { passAmong } from "../nn/pass.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import { type AlsoKd, alsoKd } from "./parts/also_kd.ts";
import { regressor } from "./parts/regressor.ts";

const PAPER =
  "Knowledge Transfer via Distillation of Activation Boundaries Formed by Hidden Neurons. Heo et al., 2019. arXiv:1811.03233";

/** What `abInit` can be asked for. */
export interface AbInitOptions<S extends string, T extends string> {
  /**
   * The maps that are compared, the student's first; by default those behind the stems, in order
   * (RepDistiller).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /** How far on its side of zero the student has to be; 1 (paper, RepDistiller). */
  readonly margin?: number;
}

/**
 * AB, its first stage: Knowledge Transfer via Distillation of Activation Boundaries Formed by
 * Hidden Neurons. Heo et al.,
 * 2019. arXiv:1811.03233. Before their last ReLU the student's neurons are drawn to the side of
 *       zero that the teacher's are on (Eq. 6): L = 3/1000 · Σ_i 2^(i − n + 1) · Σ ((s + m)²·[s >
 *       −m, t ≤ 0] + (s − m)²·[s ≤ m, t > 0]) / B over the taps i = 0 … n − 1, s after a learned
 *       connector where channels or sides differ. The factors are RepDistiller's.
 *
 * It trains the connectors and the student up to its last tap; what lies behind, the head and the
 * norm that closes a wide ResNet among it, stays as it is. RepDistiller gives it 30 epochs at the
 * student's first learning rate. The student of `ab` starts from it: `student: from(init)`.
 */
export function abInit<const S extends string = never, const T extends string = never>(
  options: AbInitOptions<S, T> = {},
): Distiller<Net<S | "logits">, Net<T | "logits">> {
  const { taps, margin = 1 } = options;
  return {
    id: "ab_init",
    options: { taps: taps ?? "maps", margin },
    paper: PAPER,
    frozenVariables: (student) =>
      variablesBehind(student, taps?.map(([tap]) => tap) ?? [lastMap(student)]),
    build({ create, student, teacher }) {
      const pairs = tapPairs(student, teacher, taps).map(([s, t]) => {
        const from = student.shapes[s];
        const to = teacher.shapes[t];
        const agree = from.join() === to.join();
        return {
          s,
          t,
          connect: agree
            ? undefined
            : create.in(`connector_${s}`)(regressor(from, to, false), from),
        };
      });
      return ({ student, teacher, live, mask }) =>
        Object.fromEntries(pairs.map(({ s, t, connect }, i): [string, Term] => {
          const given = mask(s);
          const ours = connect ? connect(student.pre[s], passAmong(live, given)) : student.pre[s];
          const weight = 3 / 1000 * 2 ** (i - pairs.length + 1);
          return [`ab_${s}`, [weight, masked(crossed(ours, teacher.pre[t], margin), given)]];
        }));
    },
  };
}

/**
 * How far, squared, neurons are from where they are safely on the teacher's side of zero: the sum
 * for each sample.
 */
function crossed(student: Tensor, teacher: Tensor, margin: number): Tensor {
  const short = reluOp(tf.sub(margin, student));
  const far = reluOp(tf.add(student, margin));
  const off = tf.where(tf.greater(teacher, 0), short, far);
  return tf.sum(tf.square(off), [1, 2, 3]);
}

/** What `ab` can be asked for. */
export interface AbOptions extends AlsoKd {
  /** Weight of the cross-entropy; 1. */
  readonly ce?: number;
}

/**
 * AB, its second stage: Knowledge Transfer via Distillation of Activation Boundaries Formed by
 * Hidden Neurons. Heo et al.,
 * 2019. arXiv:1811.03233. The student that `abInit` trained, `student: from(init)`, learns its
 *       task: L = ce · CE(s, y), where `kd` is asked for with that weight the teacher's logits
 *       beside (RepDistiller, whose weight of AB itself is 0 here).
 */
export function ab({ ce = 1, kd = 0, temperature = 4 }: AbOptions = {}): Distiller<Scorer, Scorer> {
  return {
    id: "ab",
    options: { ce, kd, temperature },
    paper: PAPER,
    build: () => ({ student, teacher, task, mask }) => ({
      task: [ce, task(student), "task"],
      ...alsoKd({ student, teacher, mask }, { kd, temperature }),
    }),
  };
}
