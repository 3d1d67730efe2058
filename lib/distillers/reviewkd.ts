import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "@tensorflow/tfjs";
import type { Create, SpottedDistiller, Term } from "../experiment/distiller.ts";
import { adaptivePool } from "../kernels/adaptive_pool.ts";
import { resizeNearest } from "../kernels/resize.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { conv, convNorm } from "../nn/conv.ts";
import { defaultInitialisers, kaimingUniform } from "../nn/layer.ts";
import type { Classifier, Model } from "../nn/network.ts";
import { applyMask } from "../nn/ops.ts";
import { type Pass, passAmong } from "../nn/pass.ts";
import { type TapPair, tapPairs } from "../nn/tap_pairs.ts";
import type { Shape } from "../nn/variables.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { above, among, atLeast, checkRanges, whole } from "../values/range.ts";

/** Options of `reviewkd`. */
export interface ReviewkdOptions<S extends string, T extends string> extends AlsoKdOptions {
  /**
   * The pairs of taps to compare, from the first to the last, the student's first. Default: the
   * maps after the stems, in order, and `pooled` (the authors, mdistiller).
   */
  readonly taps?: readonly TapPair<S, T>[];
  /**
   * Whether the student's maps are taken before their ReLUs, as the teacher's are. Default:
   * `false`; on ImageNet the authors and mdistiller have `true`.
   */
  readonly preactivation?: boolean;
  /** Maximum number of channels in which maps are fused. Default: 512 (the authors, mdistiller). */
  readonly channels?: number;
  /**
   * Weight of the review. On CIFAR-100 the authors have 5 for WRN, ResNet-8x4 and ShuffleNetV1, 8
   * for ShuffleNetV2, 0.6 for ResNet-20 and 1 for ResNet-32; on ImageNet 1 for ResNet-18 and 8 for
   * MobileNet. Default: 1 (mdistiller's).
   */
  readonly weight?: number;
  /**
   * Epochs over which the weight grows from 0 in equal steps. Default: 20; on ImageNet the authors
   * and mdistiller have 1.
   */
  readonly warmup?: number;
  /**
   * The number of the first epoch in the warm-up. The authors' code has 0, so that the first epoch
   * has no weight. Default: 1 (mdistiller).
   */
  readonly first?: 0 | 1;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * ReviewKD: Distilling Knowledge via Knowledge Review. Chen et al., 2021. arXiv:2104.09044. L = ce
 * · CE(s, y) + weight · min(epoch / warmup, 1) · Σ_i HCL(f_i, t_i). From the deepest tap to the
 * first, attention-based fusion makes f_i of the student's tap and the fused map of the deeper one
 * (Eq. 8, Fig. 3a). HCL is the mean of the squared differences of f and the teacher's map before
 * its ReLU, at full size and pooled to 4×4, 2×2 and 1×1, each with half the weight of the one
 * before (Fig. 3b).
 */
export function reviewkd<const S extends string = never, const T extends string = never>(
  options: ReviewkdOptions<S, T> = {},
): SpottedDistiller<Classifier<S>, Classifier<T>> {
  const { taps, preactivation = false, channels = 512, weight = 1, warmup = 20, first = 1 } =
    options;
  const { ce = 1, kd = 0, temperature = 4 } = options;
  return {
    id: "reviewkd",
    options: checkRanges("reviewkd", {
      taps: taps ?? "maps",
      preactivation,
      channels,
      weight,
      warmup,
      first,
      ce,
      kd,
      temperature,
    }, {
      channels: whole(),
      weight: atLeast(0),
      warmup: atLeast(0),
      first: among(0, 1),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    epochOptions: [
      { owner: "reviewkd", option: "warmup", value: warmup, isSet: options.warmup !== undefined },
    ],
    paper: "Distilling Knowledge via Knowledge Review. Chen et al., 2021. arXiv:2104.09044",
    spots: (student, teacher) => pairsToReview(student, teacher, taps),
    build({ create, student, teacher }) {
      const pairs = pairsToReview(student, teacher, taps);
      const [deepest] = pairs.at(-1)!;
      const middle = Math.min(channels, student.shapes[deepest].at(-1)!);
      const levels = pairs.map(([s, t]) => {
        const scope = create.in(`fusion_${s}`);
        const from = toMapShape(student.shapes[s]);
        const to = toMapShape(teacher.shapes[t]);
        return { s, t, fuse: fusion(scope, from, middle, to, s !== deepest) };
      });
      return ({ student, teacher, epoch, task, live, mask }) => {
        const share = warmup ? tf.minimum(tf.div(tf.add(epoch, first - 1), warmup), 1) : 1;
        const currentWeight = tf.mul(share, weight);
        const studentMaps = preactivation ? student.pre : student.taps;
        let deeper: Tensor | undefined;
        const terms = levels.toReversed().map(({ s, t, fuse }): [string, Term] => {
          const chosen = mask(s);
          const [out, fused] = fuse(toMap(studentMaps[s]), deeper, passAmong(live, chosen));
          deeper = fused;
          return [`reviewkd_${s}`, [
            currentWeight,
            applyMask(hierarchicalContextLoss(out, toMap(teacher.pre[t])), chosen),
          ]];
        });
        return {
          task: [ce, task(student), "task"],
          ...Object.fromEntries(terms.toReversed()),
          ...alsoKd({ student, teacher, mask }, { kd, temperature }),
        };
      };
    },
  };
}

/** The pairs of taps to compare, from the first to the last. */
function pairsToReview<S extends string, T extends string>(
  student: Model<Classifier<S>>,
  teacher: Model<Classifier<T>>,
  taps: readonly TapPair<S, T>[] | undefined,
): readonly TapPair<S | "pooled" | "logits", T | "pooled" | "logits">[] {
  return tapPairs<S | "pooled" | "logits", T | "pooled" | "logits">(
    student,
    teacher,
    taps ?? [...tapPairs(student, teacher), ["pooled", "pooled"]],
    { vectors: true, ordered: true },
  );
}

const toMapShape = (shape: Shape): Shape => shape.length === 1 ? [1, 1, ...shape] : shape;
const toMap = (x: Tensor): Tensor => x.rank === 2 ? tf.expandDims(tf.expandDims(x, 1), 1) : x;

/**
 * Fuses a tap and the fused map of the deeper one, into a map to compare and one for the next tap.
 */
type Fusion = (x: Tensor, deeper: Tensor | undefined, pass: Pass) => [out: Tensor, fused: Tensor];

/**
 * Attention-based fusion of a map and a deeper one in `middle` channels, resized to the shape `to`.
 */
function fusion(create: Create, from: Shape, middle: number, to: Shape, fuses: boolean): Fusion {
  const [height, width, channels] = from;
  const [rows, columns] = to;
  const narrow = create.in("narrow")(
    convNorm(middle, { kernel: 1, initial: kaimingUniform(channels) }),
    from,
  );
  const widen = create.in("widen")(convNorm(to[2], { initial: kaimingUniform(9 * middle) }), [
    rows,
    columns,
    middle,
  ]);
  const both = [height, width, 2 * middle];
  const attention = conv(2, { kernel: 1, bias: true, ...defaultInitialisers(2 * middle) });
  const attend = fuses ? create.in("attend")(attention, both) : undefined;
  return (x, deeper, pass) => {
    let fused = narrow(x, pass);
    if (attend && deeper) {
      const resized = resizeNearest(deeper, height, width);
      const maps = [fused, resized] as Tensor4D[];
      const [own, other] = tf.split(tf.sigmoid(attend(tf.concat(maps, -1), pass)), 2, -1);
      fused = tf.add(tf.mul(fused, own), tf.mul(resized, other));
    }
    fused = resizeNearest(fused, rows, columns);
    return [widen(fused, pass), fused];
  };
}

/** The hierarchical context loss of two maps of the same shape: [batch]. */
export function hierarchicalContextLoss(student: Tensor, teacher: Tensor): Tensor {
  const difference = tf.sub(student, teacher);
  const sides = [4, 2, 1].filter((side) => side < difference.shape[1]!);
  const maps = [difference, ...sides.map((side) => adaptivePool(difference, side, side))];
  const squares = maps.map((map, i) => tf.mul(tf.mean(tf.square(map), [1, 2, 3]), 2 ** -i));
  return tf.div(tf.addN(squares), 2 - 2 ** -sides.length);
}
