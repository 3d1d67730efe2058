import * as tf from "@tensorflow/tfjs";
import type { Distiller, SpottedDistiller, TrainedModule } from "../experiment/distiller.ts";
import { toSmaller } from "../kernels/adaptive_pool.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { conv, convNorm } from "../nn/conv.ts";
import { defaultInitialisers, type Layer } from "../nn/layer.ts";
import { leakyRelu, seq } from "../nn/layers.ts";
import { lastMap, type Net } from "../nn/network.ts";
import { applyMask, flatten, mse, safeAbs, unitRows } from "../nn/ops.ts";
import { passAmong } from "../nn/pass.ts";
import { lastMaps } from "../nn/tap_pairs.ts";
import { Failure } from "../values/failure.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { attentionMap } from "./parts/attention_map.ts";
import { above, among, atLeast, checkRanges } from "../values/range.ts";

const PAPER =
  "Paraphrasing Complex Network: Network Compression via Factor Transfer. Kim, Park, Kwak, 2018. arXiv:1802.04977";

/** Options of `ftInit`. */
export interface FtInitOptions<T extends string> {
  /** The teacher's tap to paraphrase. Default: its last map (RepDistiller, SAKD). */
  readonly teacher?: T;
  /**
   * k, the number of a factor's channels for each of the map's. Default: 0.5 (RepDistiller, SAKD).
   */
  readonly rate?: number;
}

/**
 * First stage of FT: Paraphrasing Complex Network: Network Compression via Factor Transfer. Kim,
 * Park, Kwak, 2018. arXiv:1802.04977. The paraphraser learns to reconstruct the teacher's map from
 * fewer channels, its factors (Eq. 1): L = mean((P(t) − t)²).
 *
 * The stage does not train the student. RepDistiller trains this stage for 30 epochs, at the
 * learning rate 0.01 if the student is a CIFAR or a wide ResNet, else at the student's. `ft` takes
 * the result: `ft({ paraphraser: from(init).trainedModules.paraphraser })`.
 */
export function ftInit<const T extends string = never>(
  options: FtInitOptions<T> = {},
): Distiller<Net, Net<T | "logits">, unknown, "paraphraser"> {
  const { rate = 0.5 } = options;
  return {
    id: "ft_init",
    options: checkRanges("ftInit", { teacher: options.teacher ?? "last", rate }, {
      rate: above(0),
    }),
    paper: PAPER,
    trainedModules: { paraphraser: encoder(rate) },
    frozenVariables: ({ variables }) => variables,
    build({ create, teacher }) {
      const tap = options.teacher ?? lastMap(teacher);
      const shape = teacher.shapes[tap];
      const paraphrase = create.trainedModule("paraphraser", shape);
      const restore = create.in("decoder")(decoder(shape.at(-1)!), paraphrase.shape);
      return ({ teacher, live }) => {
        const map = teacher.taps[tap];
        return { reconstruction: [1, mse(restore(paraphrase(map, live), live), map)] };
      };
    },
  };
}

/** Options of `ft`. */
export interface FtOptions<S extends string, T extends string> extends AlsoKdOptions {
  /** The paraphraser that `ftInit` trained, `from(init).trainedModules.paraphraser`. */
  readonly paraphraser: TrainedModule;
  /** The student's tap to translate. Default: its last map (RepDistiller, SAKD). */
  readonly student?: S;
  /** The teacher's tap, from which the paraphraser learned. Default: its last map. */
  readonly teacher?: T;
  /**
   * Comparison of two factors. `attention`: the mean of each one's squared channels as a unit
   * vector over positions (RepDistiller, SAKD). `whole`: each one as a unit vector (the paper's Eq.
   * 4, torchdistill). Default: `attention`.
   */
  readonly factors?: "attention" | "whole";
  /**
   * p, the norm of their difference: its absolute values, 1 (RepDistiller, SAKD, torchdistill), or
   * its squares, 2. Default: 1.
   */
  readonly order?: 1 | 2;
  /**
   * Weight of the factors. Default: 200 (RepDistiller, SAKD; torchdistill has 1000 for `whole`).
   */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * FT: Paraphrasing Complex Network: Network Compression via Factor Transfer. Kim, Park, Kwak, 2018.
 * arXiv:1802.04977. L = ce · CE(s, y) + weight · mean|q(F_s) − q(F_t)|ᵖ. F_s are the student's
 * factors, by a translator that learns with it. F_t are the teacher's, by the paraphraser of the
 * first stage. The option `factors` chooses q (Eq. 3 to 5). If two factors differ in size, the
 * larger is average-pooled first.
 */
export function ft<const S extends string = never, const T extends string = never>(
  options: FtOptions<S, T>,
): SpottedDistiller<Net<S | "logits">, Net<T | "logits">> {
  const {
    paraphraser,
    factors = "attention",
    order = 1,
    weight = 200,
    ce = 1,
    kd = 0,
    temperature = 4,
  } = options;
  return {
    id: "ft",
    options: checkRanges("ft", {
      student: options.student ?? "last",
      teacher: options.teacher ?? "last",
      factors,
      order,
      weight,
      ce,
      kd,
      temperature,
    }, {
      order: among(1, 2),
      weight: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper: PAPER,
    needs: [paraphraser],
    spots: (student, teacher) => [lastMaps(student, teacher, options)],
    build({ create, student, teacher }) {
      const [studentTap, teacherTap] = lastMaps(student, teacher, options);
      const paraphrase = create.in("paraphraser")(paraphraser, teacher.shapes[teacherTap]);
      const translate = create.in("translator")(
        translator(paraphrase.shape.at(-1)!),
        student.shapes[studentTap],
      );
      return ({ student, teacher, task, live, frozen, mask }) => {
        const spotMask = mask(studentTap);
        const studentFactors = translate(student.taps[studentTap], passAmong(live, spotMask));
        const teacherFactors = paraphrase(teacher.taps[teacherTap], frozen);
        const values = factorDistance(studentFactors, teacherFactors, { factors, order });
        return {
          task: [ce, task(student), "task"],
          ft: [weight, applyMask(values, spotMask)],
          ...alsoKd({ student, teacher, mask }, { kd, temperature }),
        };
      };
    },
  };
}

/** Distance between two maps of factors for each sample. The larger is average-pooled first. */
export function factorDistance(
  student: Tensor,
  teacher: Tensor,
  { factors, order }: Required<Pick<FtOptions<string, string>, "factors" | "order">>,
): Tensor {
  const [studentFactors, teacherFactors] = toSmaller(student, teacher);
  const q = factors === "attention" ? attentionMap : whole;
  const difference = tf.sub(q(studentFactors), q(teacherFactors));
  return tf.mean(order === 1 ? safeAbs(difference) : tf.square(difference), -1);
}

/** A map as a unit vector, [batch, numbers]. */
function whole(map: Tensor): Tensor {
  return unitRows(flatten(map));
}

/** The slope of negative values. */
const SLOPE = 0.1;

/**
 * A 3×3 convolution to `channels` with a bias and its activation. Its initial values depend on
 * `fan` channels.
 */
function layer(channels: number, fan: number): Layer {
  return seq(conv(channels, { bias: true, ...defaultInitialisers(9 * fan) }), leakyRelu(SLOPE));
}

/** The paraphraser's first half: from a map to its factors, [height, width, rate · channels]. */
function encoder(rate: number): Layer {
  return (create, input) => {
    const channels = input.at(-1)!;
    const reduced = Math.floor(rate * channels);
    if (input.length !== 3 || reduced < 1) {
      throw new Failure(
        2,
        `ft cannot paraphrase [${input}] at rate ${rate}: it needs a map and a factor of one channel or more. ` +
          "Choose another tap or rate",
      );
    }
    return seq(layer(channels, channels), layer(reduced, channels), layer(reduced, reduced))(
      create,
      input,
    );
  };
}

/**
 * The paraphraser's second half: from factors back to a map of `channels`. The paper's transposed
 * convolutions have stride 1, so they equal convolutions with the mirrored kernel. Only their
 * initial values differ: in PyTorch those depend on the output channels.
 */
function decoder(channels: number): Layer {
  return (create, input) => {
    const inputs = input.at(-1)!;
    return seq(layer(inputs, inputs), layer(channels, channels), layer(channels, channels))(
      create,
      input,
    );
  };
}

/** A translator from the student's map to factors of `channels`. */
function translator(channels: number): Layer {
  return (create, input) => {
    const inputs = input.at(-1)!;
    const layer = (channels: number, inputs: number) =>
      seq(convNorm(channels, { bias: true, ...defaultInitialisers(9 * inputs) }), leakyRelu(SLOPE));
    return seq(layer(inputs, inputs), layer(channels, inputs), layer(channels, channels))(
      create,
      input,
    );
  };
}
