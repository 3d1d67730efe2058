import * as tf from "@tensorflow/tfjs";
import {
  type Create,
  type Distiller,
  type HardLabels,
  numberTerms,
  type SeveralTeachers,
} from "../experiment/distiller.ts";
import { adaptivePool } from "../kernels/adaptive_pool.ts";
import { resizeBilinear } from "../kernels/resize.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { convNorm } from "../nn/conv.ts";
import { defaultInitialisers, type Module } from "../nn/layer.ts";
import { relu, seq } from "../nn/layers.ts";
import { type Convolutional, lastMap, logitsOutput, type Net, type Scorer } from "../nn/network.ts";
import { applyMask, kl, mse } from "../nn/ops.ts";
import { passAmong } from "../nn/pass.ts";
import { runBehind } from "../nn/tail.ts";
import type { Shape } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { above, atLeast, checkRanges, whole } from "../values/range.ts";

/** Options of `camkd`. */
export interface CamkdOptions<S extends string, T extends string> {
  /** The student's tap. Default: its last map (CA-MKD). */
  readonly student?: S;
  /** The teachers' tap. Default: the last map of each. */
  readonly teacher?: T;
  /** T. Default: 4 (CA-MKD). */
  readonly temperature?: number;
  /** Weight of the cross-entropy. Default: 1 (CA-MKD). */
  readonly ce?: number;
  /** Weight of the teachers' logits. Default: 1 (CA-MKD). */
  readonly kd?: number;
  /** Weight of the teachers' maps; 0 for the logits alone. Default: 50 (CA-MKD's script). */
  readonly weight?: number;
  /** First epoch with maps. Default: 2 (CA-MKD). */
  readonly begin?: number;
}

/** CA-MKD of logits alone, whose teachers may be any networks. See below. */
export function camkd(
  options: CamkdOptions<never, never> & { readonly weight: 0 },
): Distiller<Scorer, SeveralTeachers, HardLabels>;
/**
 * CA-MKD: Confidence-Aware Multi-Teacher Knowledge Distillation. Zhang, Chen, Wang, 2022.
 * arXiv:2201.00007. L = ce · CE(s, y) + mean over the M teachers of kd · wₘ · T² · KL(softmax(tₘ /
 * T) ‖ softmax(s / T)) + weight · vₘ · mean((eₘ(f_s) − fₘ)²), for each image. wₘ = (1 −
 * softmaxₘ(CE(tₘ, y))) / (M − 1). vₘ is the same of the logits that teacher m's head computes from
 * eₘ(f_s), a learned embedding (1×1 convolution, norm, ReLU) of the student's map in the size of
 * the teacher's (Eq. 3–8). fₘ is the input of the stage after the tap: in wide ResNets, the map
 * after the closing norm. As in the released code, gradients flow through vₘ too. Unlike there, no
 * map is resized to one teacher's size by way of another's.
 */
export function camkd<const S extends string = never, const T extends string = never>(
  options?: CamkdOptions<S, T>,
): Distiller<
  Net<S | "logits">,
  SeveralTeachers<Net<T | "logits"> & Convolutional>,
  HardLabels
>;
export function camkd<const S extends string, const T extends string>(
  options: CamkdOptions<S, T> = {},
): Distiller<Net<S | "logits">, SeveralTeachers<Net<T | "logits">>, HardLabels> {
  const { temperature = 4, ce = 1, kd = 1, weight = 50, begin = 2 } = options;
  return {
    id: "camkd",
    options: checkRanges("camkd", {
      student: options.student,
      teacher: options.teacher,
      temperature,
      ce,
      kd,
      weight,
      begin,
    }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
      weight: atLeast(0),
      begin: whole(),
    }),
    epochOptions: [
      { owner: "camkd", option: "begin", value: begin, isSet: options.begin !== undefined },
    ],
    paper:
      "Confidence-Aware Multi-Teacher Knowledge Distillation. Zhang, Chen, Wang, 2022. arXiv:2201.00007",
    build({ create, student, teacher: teachers }) {
      const count = teachers.length;
      const hints = weight === 0 ? [] : teachers.map((teacher, i) => {
        const studentTap = options.student ?? lastMap(student);
        const teacherTap = options.teacher ?? lastMap(teacher);
        const [from, to]: Shape[] = [student.shapes[studentTap], teacher.nextShapes[teacherTap]];
        return {
          studentTap,
          teacherTap,
          to,
          embed: embedding(create.in(`embed${i + 1}`), from, to),
        };
      });
      return ({ student, teacher, task, epoch, live, frozen, mask }) => {
        const confidences = confidence(teacher.map(task));
        const teacherTerms = teacher.map(({ taps: { logits } }, i) => {
          const divergence = kl(student.taps.logits, logits, temperature);
          return [
            kd / count,
            applyMask(tf.mul(confidences[i], divergence), mask("logits")),
          ] as const;
        });
        const embeddings = hints.map(({ studentTap, to, embed }) =>
          embed(resize(student.taps[studentTap], to), passAmong(live, mask(studentTap)))
        );
        const outputs = hints.map(({ teacherTap }, i) =>
          logitsOutput(runBehind(teachers[i], teacherTap, embeddings[i], frozen))
        );
        const mapConfidences = hints.length > 0 ? confidence(outputs.map(task)) : [];
        const mapWeight = tf.mul(tf.cast(tf.greaterEqual(epoch, begin), "float32"), weight / count);
        const hintTerms = hints.map(({ studentTap, teacherTap }, i) => {
          const distance = mse(embeddings[i], teacher[i].next[teacherTap]);
          return [
            mapWeight,
            applyMask(tf.mul(mapConfidences[i], distance), mask(studentTap)),
          ] as const;
        });
        return {
          task: [ce, task(student), "task"],
          ...numberTerms("teacher", teacherTerms),
          ...numberTerms("hint", hintTerms),
        };
      };
    },
  };
}

/**
 * Module from one map's channels to another's, for inputs that have the other's height and width.
 */
function embedding(create: Create, from: Shape, to: Shape): Module {
  if (from.length !== 3 || to.length !== 3) {
    throw new Failure(
      2,
      `camkd embeds one map as another, not [${from}] as [${to}]: choose other taps`,
    );
  }
  const [rows, columns, channels] = to;
  const inputs = from[2];
  const convolution = convNorm(channels, { kernel: 1, bias: true, ...defaultInitialisers(inputs) });
  return create(seq(convolution, relu()), [rows, columns, inputs]);
}

/**
 * Weights for several losses, [batch] each: for each sample, a smaller loss gets a larger weight.
 * They add up to 1.
 */
function confidence(losses: readonly Tensor[]): Tensor[] {
  const shares = tf.softmax(tf.stack([...losses], 1));
  return tf.unstack(tf.div(tf.sub(1, shares), losses.length - 1), 1);
}

function resize(x: Tensor, [rows, columns]: Shape): Tensor {
  return x.shape[1]! >= rows ? adaptivePool(x, rows, columns) : resizeBilinear(x, rows, columns);
}
