import * as tf from "@tensorflow/tfjs";
import type { Distiller, SpottedDistiller, TrainedModule } from "../experiment/distiller.ts";
import { toSmaller } from "../kernels/adaptive_pool.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { conv, convNorm } from "../nn/conv.ts";
import { byDefault, type Layer } from "../nn/layer.ts";
import { leakyRelu, seq } from "../nn/layers.ts";
import { lastMap, type Net } from "../nn/network.ts";
import { flat, masked, mse, safeAbs, unitRows } from "../nn/ops.ts";
import { passAmong } from "../nn/pass.ts";
import { lastMaps } from "../nn/tap_pairs.ts";
import { Failure } from "../values/failure.ts";
import { type AlsoKd, alsoKd } from "./parts/also_kd.ts";
import { attentionMap } from "./parts/attention_map.ts";

const PAPER =
  "Paraphrasing Complex Network: Network Compression via Factor Transfer. Kim, Park, Kwak, 2018. arXiv:1802.04977";

/** What `ftInit` can be asked for. */
export interface FtInitOptions<T extends string> {
  /** The teacher's map that is paraphrased; its last (RepDistiller, SAKD). */
  readonly teacher?: T;
  /** k: how many channels a factor has for each of the map's; 0.5 (RepDistiller, SAKD). */
  readonly rate?: number;
}

/**
 * FT, its first stage: Paraphrasing Complex Network: Network Compression via Factor Transfer. Kim,
 * Park, Kwak, 2018. arXiv:1802.04977. The paraphraser learns to give the teacher's map back from
 * fewer channels, its factors (Eq. 1): L = mean((P(t) − t)²).
 *
 * The student is not trained, it stays as it is. RepDistiller gives this 30 epochs, at the learning
 * rate 0.01 where the student is a CIFAR or a wide ResNet, else at the student's. What comes of it,
 * `ft` is given: `ft({ paraphraser: from(init).trainedModules.paraphraser })`.
 */
export function ftInit<const T extends string = never>(
  options: FtInitOptions<T> = {},
): Distiller<Net, Net<T | "logits">, unknown, "paraphraser"> {
  const { rate = 0.5 } = options;
  return {
    id: "ft_init",
    options: { teacher: options.teacher ?? "last", rate },
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

/** What `ft` can be asked for. */
export interface FtOptions<S extends string, T extends string> extends AlsoKd {
  /** The paraphraser that `ftInit` trained, `from(init).trainedModules.paraphraser`. */
  readonly paraphraser: TrainedModule;
  /** The student's map that is translated; its last (RepDistiller, SAKD). */
  readonly student?: S;
  /** The teacher's map, the one that the paraphraser learned from; its last. */
  readonly teacher?: T;
  /**
   * What of two factors is compared: `attention`, where they are large (RepDistiller, SAKD: their
   * squared channels' mean as a unit vector over positions), or `whole`, each as a unit vector (the
   * paper's Eq. 4, torchdistill).
   */
  readonly factors?: "attention" | "whole";
  /**
   * p: the norm of their difference, its absolute values (RepDistiller, SAKD, torchdistill) or its
   * squares; 1.
   */
  readonly order?: 1 | 2;
  /** Weight of the factors; 200 (RepDistiller, SAKD; torchdistill has 1000 of `whole` ones). */
  readonly weight?: number;
  /** Weight of the cross-entropy; 1. */
  readonly ce?: number;
}

/**
 * FT: Paraphrasing Complex Network: Network Compression via Factor Transfer. Kim, Park, Kwak, 2018.
 * arXiv:1802.04977. L = ce · CE(s, y) + weight · mean|q(F_s) − q(F_t)|ᵖ, F_s the student's factors,
 * made by a translator that learns with it, F_t the teacher's, by the paraphraser of the first
 * stage, and q as `factors` says (Eq. 3 to 5). Of two factors of different sizes the larger is
 * average-pooled first.
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
    options: {
      student: options.student ?? "last",
      teacher: options.teacher ?? "last",
      factors,
      order,
      weight,
      ce,
      kd,
      temperature,
    },
    paper: PAPER,
    needs: [paraphraser],
    spots: (student, teacher) => [lastMaps(student, teacher, options)],
    build({ create, student, teacher }) {
      const [learning, teaching] = lastMaps(student, teacher, options);
      const paraphrase = create.in("paraphraser")(paraphraser, teacher.shapes[teaching]);
      const translate = create.in("translator")(
        translator(paraphrase.shape.at(-1)!),
        student.shapes[learning],
      );
      return ({ student, teacher, task, live, frozen, mask }) => {
        const given = mask(learning);
        const ours = translate(student.taps[learning], passAmong(live, given));
        const theirs = paraphrase(teacher.taps[teaching], frozen);
        const values = transferred(ours, theirs, { factors, order });
        return {
          task: [ce, task(student), "task"],
          ft: [weight, masked(values, given)],
          ...alsoKd({ student, teacher, mask }, { kd, temperature }),
        };
      };
    },
  };
}

/** How far apart two maps of factors are, for each sample; the larger is average-pooled first. */
export function transferred(
  student: Tensor,
  teacher: Tensor,
  { factors, order }: Required<Pick<FtOptions<string, string>, "factors" | "order">>,
): Tensor {
  const [ours, theirs] = toSmaller(student, teacher);
  const q = factors === "attention" ? attentionMap : whole;
  const off = tf.sub(q(ours), q(theirs));
  return tf.mean(order === 1 ? safeAbs(off) : tf.square(off), -1);
}

/** A map as a unit vector, [batch, numbers]. */
function whole(map: Tensor): Tensor {
  return unitRows(flat(map));
}

/** The slope of negative values. */
const SLOPE = 0.1;

/**
 * A 3×3 convolution to `channels` with a bias and its activation; `fan` are the channels that its
 * start depends on.
 */
function layer(channels: number, fan: number): Layer {
  return seq(conv(channels, { bias: true, ...byDefault(9 * fan) }), leakyRelu(SLOPE));
}

/** The paraphraser's first half: a map to its factors, [height, width, rate · channels]. */
function encoder(rate: number): Layer {
  return (create, input) => {
    const channels = input.at(-1)!;
    const fewer = Math.floor(rate * channels);
    if (input.length !== 3 || fewer < 1) {
      throw new Failure(
        2,
        `ft paraphrases a map, and ${rate} · its channels, not [${input}]: choose another tap or rate`,
      );
    }
    return seq(layer(channels, channels), layer(fewer, channels), layer(fewer, fewer))(
      create,
      input,
    );
  };
}

/**
 * The paraphraser's other half: factors back to a map of `channels`. The paper's transposed
 * convolutions have stride 1, and are then convolutions by the mirrored kernel: only that PyTorch
 * starts them by their outputs is another thing.
 */
function decoder(channels: number): Layer {
  return (create, input) => {
    const fewer = input.at(-1)!;
    return seq(layer(fewer, fewer), layer(channels, channels), layer(channels, channels))(
      create,
      input,
    );
  };
}

/** From the student's map to factors of `channels`. */
function translator(channels: number): Layer {
  return (create, input) => {
    const inputs = input.at(-1)!;
    const layer = (channels: number, inputs: number) =>
      seq(convNorm(channels, { bias: true, ...byDefault(9 * inputs) }), leakyRelu(SLOPE));
    return seq(layer(inputs, inputs), layer(channels, inputs), layer(channels, channels))(
      create,
      input,
    );
  };
}
