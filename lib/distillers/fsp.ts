import * as tf from "@tensorflow/tfjs";
import type { Distiller, Term } from "../experiment/distiller.ts";
import { Failure } from "../values/failure.ts";
import { adaptiveMaxPool, toSmaller } from "../kernels/adaptive_pool.ts";
import { lastMap, type Model, type Net, type Scorer, variablesBehind } from "../nn/network.ts";
import { masked, mse, safeSqrt } from "../nn/ops.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { type AlsoKd, alsoKd } from "./parts/also_kd.ts";

const PAPER =
  "A Gift from Knowledge Distillation: Fast Optimization, Network Minimization and Transfer Learning. Yim et al., CVPR 2017";

/** What `fspInit` can be asked for. */
export interface FspInitOptions<S extends string, T extends string> {
  /**
   * The maps between which the flow is compared, in order, the student's first; at least two, by
   * default the stems and those behind them (RepDistiller).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /**
   * How the larger of two maps comes to the smaller's size: by averages (RepDistiller) or, as in
   * torchdistill, by maxima.
   */
  readonly pool?: "average" | "max";
  /**
   * How far two flows are apart: the mean of their squared difference (the paper's Eq. 2,
   * RepDistiller), or the sum of the lengths of its columns (torchdistill).
   */
  readonly distance?: "squared" | "columns";
}

/**
 * FSP, its first stage: A Gift from Knowledge Distillation. Yim et al., CVPR 2017. The student
 * learns how the teacher's maps follow from one another: L = Σ mean((G_t − G_s)²), G the mean over
 * positions of the products of every channel of one tap with every channel of the next (Eq. 1 and
 * 2), the larger map pooled to the smaller. Both networks' taps have to have the same channels.
 *
 * It trains the student up to its last tap; what lies behind, the head and the norm that closes a
 * wide ResNet among it, stays as it is. RepDistiller gives it 30 epochs at the student's first
 * learning rate. The student of `fsp` starts from it: `student: from(init)`.
 */
export function fspInit<const S extends string = never, const T extends string = never>(
  options: FspInitOptions<S, T> = {},
): Distiller<Net<S | "logits">, Net<T | "logits">> {
  const { taps, pool = "average", distance = "squared" } = options;
  const flow = pool === "average" ? averaged : maximal;
  const apart = distance === "squared" ? mse : columns;
  return {
    id: "fsp_init",
    options: { taps: taps ?? "maps", pool, distance },
    paper: PAPER,
    frozenVariables: (student) =>
      variablesBehind(student, taps?.map(([tap]) => tap) ?? [lastMap(student)]),
    build({ student, teacher }) {
      const pairs = tapPairs(student, teacher, taps ?? maps(student, teacher));
      if (pairs.length < 2) {
        throw new Failure(2, "fsp compares the flow between taps: name two pairs of them or more");
      }
      for (const [s, t] of pairs) {
        const ours = student.shapes[s];
        const theirs = teacher.shapes[t];
        if (ours.at(-1) === theirs.at(-1)) continue;
        throw new Failure(
          2,
          `fsp: the student's ${s} is [${ours}] and the teacher's ${t} [${theirs}], their channels have to be as many: ` +
            "choose other taps or a teacher as wide",
        );
      }
      return ({ student, teacher, mask }) =>
        Object.fromEntries(
          pairs.slice(1).map(([s, t], i): [string, Term] => {
            const [ours, theirs] = pairs[i];
            const values = apart(
              flow(student.taps[ours], student.taps[s]),
              flow(teacher.taps[theirs], teacher.taps[t]),
            );
            return [`fsp_${s}`, [1, masked(values, mask(s))]];
          }),
        );
    },
  };
}

/** The first maps of both networks, and those behind them. */
function maps<S extends string, T extends string>(
  student: Model<Net<S>>,
  teacher: Model<Net<T>>,
): readonly TapPair<S, T>[] {
  const first = <K extends string>({ shapes }: Model<Net<K>>) => Object.keys(shapes)[0] as K;
  return [[first(student), first(teacher)], ...tapPairs(student, teacher)];
}

/**
 * The mean over positions of the products of every channel of `below` with every one of `above`:
 * [batch, below, above].
 */
function products(below: Tensor, above: Tensor): Tensor {
  const [batch, height, width] = below.shape;
  const positions = height! * width!;
  const rows = (map: Tensor) => tf.reshape(map, [batch, positions, map.shape[3]!]);
  return tf.div(tf.matMul(rows(below), rows(above), true), positions);
}

function averaged(below: Tensor, above: Tensor): Tensor {
  return products(...toSmaller(below, above));
}

function maximal(below: Tensor, above: Tensor): Tensor {
  const rows = Math.min(below.shape[1]!, above.shape[1]!);
  const columns = Math.min(below.shape[2]!, above.shape[2]!);
  return products(adaptiveMaxPool(below, rows, columns), adaptiveMaxPool(above, rows, columns));
}

/** The sum of the lengths of the columns of a − b, [batch, rows, columns]. */
function columns(a: Tensor, b: Tensor): Tensor {
  return tf.sum(safeSqrt(tf.sum(tf.squaredDifference(a, b), 1)), -1);
}

/** What `fsp` can be asked for. */
export interface FspOptions extends AlsoKd {
  /** Weight of the cross-entropy; 1. */
  readonly ce?: number;
}

/**
 * FSP, its second stage: A Gift from Knowledge Distillation. Yim et al., CVPR 2017. The student
 * that `fspInit` trained, `student: from(init)`, learns its task: L = ce · CE(s, y), where `kd` is
 * asked for with that weight the teacher's logits beside (RepDistiller, whose weight of FSP itself
 * is 0 here).
 */
export function fsp(
  { ce = 1, kd = 0, temperature = 4 }: FspOptions = {},
): Distiller<Scorer, Scorer> {
  return {
    id: "fsp",
    options: { ce, kd, temperature },
    paper: PAPER,
    build: () => ({ student, teacher, task, mask }) => ({
      task: [ce, task(student), "task"],
      ...alsoKd({ student, teacher, mask }, { kd, temperature }),
    }),
  };
}
