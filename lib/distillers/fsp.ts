import * as tf from "@tensorflow/tfjs";
import type { Distiller, Term } from "../experiment/distiller.ts";
import { Failure } from "../values/failure.ts";
import { adaptiveMaxPool, adaptivePool, toSmaller } from "../kernels/adaptive_pool.ts";
import { lastMap, type Model, type Net, type Scorer, variablesAfter } from "../nn/network.ts";
import { applyMask, mse, safeSqrt } from "../nn/ops.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

const PAPER =
  "A Gift from Knowledge Distillation: Fast Optimization, Network Minimization and Transfer Learning. Yim et al., CVPR 2017";

/** Options of `fspInit`. */
export interface FspInitOptions<S extends string, T extends string> {
  /**
   * Pairs of maps, at least two, in order, the student's first. The flow is compared from each pair
   * to the next. Default: the stems and the maps after them (RepDistiller).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /**
   * Pooling of the larger of two maps to the smaller's size: by averages (RepDistiller) or by
   * maxima (torchdistill). Default: `average`.
   */
  readonly pool?: "average" | "max";
  /**
   * Distance between two flows. `squared`: the mean of their squared difference (the paper's Eq. 2,
   * RepDistiller). `columns`: the sum of the lengths of its columns (torchdistill). Default:
   * `squared`.
   */
  readonly distance?: "squared" | "columns";
}

/**
 * First stage of FSP: A Gift from Knowledge Distillation. Yim et al., CVPR 2017. The student learns
 * how the teacher's maps follow from one another: L = Σ mean((G_t − G_s)²), with G the mean over
 * positions of the products of every channel of one tap with every channel of the next (Eq. 1
 * and 2). The larger map is pooled to the smaller. The taps of both networks must have the same
 * number of channels.
 *
 * The stage trains the student up to its last tap. It leaves the layers after that tap as they
 * are, among them the head and the norm that closes a wide ResNet. By default only those after the
 * student's last map: if it has more maps than its teacher, the statistics of the norms between
 * move, as the reference's do. RepDistiller trains this stage for 30 epochs at the student's first
 * learning rate. The student of `fsp` starts from it: `student: from(init)`.
 */
export function fspInit<const S extends string = never, const T extends string = never>(
  options: FspInitOptions<S, T> = {},
): Distiller<Net<S | "logits">, Net<T | "logits">> {
  const { taps, pool = "average", distance = "squared" } = options;
  const shrink = pool === "average" ? adaptivePool : adaptiveMaxPool;
  const flow = (below: Tensor, above: Tensor) => products(...toSmaller(below, above, shrink));
  const measure = distance === "squared" ? mse : columnLengths;
  return {
    id: "fsp_init",
    options: { taps: taps ?? "maps", pool, distance },
    paper: PAPER,
    frozenVariables: (student) =>
      variablesAfter(student, taps?.map(([tap]) => tap) ?? [lastMap(student)]),
    build({ student, teacher }) {
      const pairs = tapPairs(student, teacher, taps ?? maps(student, teacher), { ordered: true });
      if (pairs.length < 2) {
        throw new Failure(2, "fsp compares the flow between taps: name at least two pairs");
      }
      for (const [s, t] of pairs) {
        const studentShape = student.shapes[s];
        const teacherShape = teacher.shapes[t];
        if (studentShape.at(-1) === teacherShape.at(-1)) continue;
        throw new Failure(
          2,
          `fsp: the student's ${s} is [${studentShape}] and the teacher's ${t} [${teacherShape}], but both need the ` +
            "same number of channels: choose other taps or a teacher of the student's width",
        );
      }
      return ({ student, teacher, mask }) =>
        Object.fromEntries(
          pairs.slice(1).map(([s, t], i): [string, Term] => {
            const [studentBelow, teacherBelow] = pairs[i];
            const values = measure(
              flow(student.taps[studentBelow], student.taps[s]),
              flow(teacher.taps[teacherBelow], teacher.taps[t]),
            );
            return [`fsp_${s}`, [1, applyMask(values, mask(s))]];
          }),
        );
    },
  };
}

/** The first maps of both networks, then the maps after them. */
function maps<S extends string, T extends string>(
  student: Model<Net<S>>,
  teacher: Model<Net<T>>,
): readonly TapPair<S, T>[] {
  const first = <K extends string>({ shapes }: Model<Net<K>>) => Object.keys(shapes)[0] as K;
  return [[first(student), first(teacher)], ...tapPairs(student, teacher)];
}

/**
 * The mean over positions of the products of every channel of `below` with every channel of
 * `above`: [batch, below, above].
 */
function products(below: Tensor, above: Tensor): Tensor {
  const [batch, height, width] = below.shape;
  const positions = height! * width!;
  const rows = (map: Tensor) => tf.reshape(map, [batch, positions, map.shape[3]!]);
  return tf.div(tf.matMul(rows(below), rows(above), true), positions);
}

/** The sum of the lengths of the columns of a − b, [batch, rows, columns]. */
function columnLengths(a: Tensor, b: Tensor): Tensor {
  return tf.sum(safeSqrt(tf.sum(tf.squaredDifference(a, b), 1)), -1);
}

/** Options of `fsp`. */
export interface FspOptions extends AlsoKdOptions {
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * Second stage of FSP: A Gift from Knowledge Distillation. Yim et al., CVPR 2017. The student that
 * `fspInit` trained, `student: from(init)`, learns its task: L = ce · CE(s, y) + kd · T² ·
 * KL(softmax(t / T) ‖ softmax(s / T)), as in RepDistiller, whose weight of FSP itself is 0 here.
 */
export function fsp(
  { ce = 1, kd = 0, temperature = 4 }: FspOptions = {},
): Distiller<Scorer, Scorer> {
  return {
    id: "fsp",
    options: checkRanges("fsp", { ce, kd, temperature }, {
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
