import * as tf from "@tensorflow/tfjs";
import {
  type BuildContext,
  type Create,
  type Distiller,
  erase,
  mergeTerms,
  type SpottedDistiller,
  type StepContext,
  type Term,
  type Terms,
  within,
  withMemory,
} from "../experiment/distiller.ts";
import { reluOp } from "../kernels/relu.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { defaultInitialisers, type Layer } from "../nn/layer.ts";
import { dense } from "../nn/layers.ts";
import {
  type Classifier,
  type Convolutional,
  logitsOutput,
  type Model,
  type Net,
  type Tap,
} from "../nn/network.ts";
import { applyMask, flatten, gumbel, kl, stopGradient } from "../nn/ops.ts";
import type { Pass } from "../nn/pass.ts";
import type { TapPair } from "../nn/tap_pairs.ts";
import { type Shape, sizeOf } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { regressor } from "./parts/regressor.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `sakd`. */
export interface SakdOptions {
  /**
   * The samples that learn at a spot. `adaptive`: those that the policy routes through the teacher
   * there. The others are the controls of the released scripts. `reversed`: those that the policy
   * routes through the student. `random`: each with even odds, without a policy. `both`: as
   * `adaptive`, while a copy of the teacher learns, too, from the labels and from every term of the
   * method that does not hold it constant, as `ofd` does. `always`: all samples, the tables' standard distillation. Default:
   * `adaptive`.
   */
  readonly routing?: "adaptive" | "reversed" | "random" | "both" | "always";
  /**
   * Whether the policy starts by routing everything through the teacher, with a bias that is 10
   * higher there. The released configurations have `true` for pairs of one family. Default:
   * `false`.
   */
  readonly homogeneous?: boolean;
  /**
   * γ: the factor of the policy's term if the routed network is worse than the student, and its
   * divisor if it is better. The released configurations have 2 for AT, RKD and VID on CIFAR-100
   * and for every method on Tiny-ImageNet. Default: 1.
   */
  readonly gamma?: number;
  /**
   * Weight of T² · KL(teacher ‖ student) of the samples that learn at the logits. Default: 1
   * (released code).
   */
  readonly alpha?: number;
  /**
   * Factor on the method's own weights. The released code has SAKD's β as FitNets' whole weight:
   * `fitnets({ weight: 1 })`. Default: 1.
   */
  readonly beta?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
  /** T of the KL. Default: 4 (released code). */
  readonly temperature?: number;
  /** The temperature of the gradients of the policy's decisions. Default: 5 (released code). */
  readonly gumbel?: number;
  /**
   * The samples whose statistics the norms of the method's own modules use: the whole `batch`, or
   * the samples `chosen` at their spot, as if these were the batch. Default: `batch` (released
   * code).
   */
  readonly statistics?: "batch" | "chosen";
}

/**
 * SAKD: Spot-Adaptive Knowledge Distillation. Song, Chen, Ye, Song, 2022. arXiv:2205.02399. A
 * policy, one dense layer over both networks' pooled features, decides for each sample at each spot
 * of another method, and at the logits, whether it takes the teacher's way (a = 1) or the student's
 * (a = 0). The student learns at the spots where the sample takes the teacher's way: L = ce · CE(s,
 * y) + beta · Σ_spots L_spot(samples of a = 1) + alpha · KL(samples of a = 1 at the logits), each
 * term times these samples' share of the batch. The policy and its adapters h, h' (at half the
 * learning rate, with weight decay 1e-3) learn by routing. Behind each spot the teacher continues
 * from a · T + (1 − a) · h(S), and the student, by running statistics, from (1 − a) · S + a ·
 * h'(T). At the logits L_policy = γ^±1 · CE(a · t + (1 − a) · s, y) + max(0, B / 2 − Σ a). Neither
 * loss reaches the variables that the other one trains.
 *
 * This follows the released code except for a few apparent slips. In that code FT counts all
 * samples if none is chosen, and CC and RKD give NaN for one sample. Here each term is exactly the
 * loss of the chosen samples, 0 if there are none. The code's `train_random` and `train_both` weigh
 * the cross-entropy by γ, here by `ce`. Its `train_both` has neither the policy's γ rule nor its
 * maximum, and its `train_random` makes no separate decision at the logits for methods of several
 * maps. Here all modes differ only in their routing.
 *
 * @example
 * ```ts
 * import { experiment, fitnets, from, sakd, scratch, sgd, vgg13, vgg8 } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * const shared = { dataset: cifar100(), schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }) };
 * export const teacher = experiment(import.meta, {
 *   ...shared,
 *   student: vgg13,
 *   distiller: scratch(),
 * });
 * export const student = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(teacher),
 *   student: vgg8,
 *   distiller: sakd(fitnets({ weight: 1 }), { homogeneous: true }),
 * });
 * ```
 */
export function sakd<S extends Net, T extends Net, D>(
  method: SpottedDistiller<S, T, D>,
  options: SakdOptions = {},
): Distiller<Classifier<Tap<S>> & Convolutional, Classifier<Tap<T>> & Convolutional, D> {
  return sakdWithNoise(
    method,
    options,
    (_, spots) => ({ index, random }) => random.uniform([index.shape[0]!, spots, 2]),
  );
}

/**
 * Makes the source of uniform numbers from 0 to 1, [batch, spots, 2], once; it runs at each step.
 */
export type Noise = (
  create: Create,
  spots: number,
) => (step: Pick<StepContext<Net, Net>, "index" | "random">) => Tensor;

/** `sakd` with noise from another source. */
export function sakdWithNoise<S extends Net, T extends Net, D>(
  method: SpottedDistiller<S, T, D>,
  options: SakdOptions,
  noise: Noise,
): Distiller<Classifier<Tap<S>> & Convolutional, Classifier<Tap<T>> & Convolutional, D> {
  const { routing = "adaptive", homogeneous = false, gamma = 1, alpha = 1, beta = 1, ce = 1 } =
    options;
  const { temperature = 4, gumbel = 5, statistics = "batch" } = options;
  const { id, options: methodOptions, paper, epochOptions, needs, spots, build } = erase(method);
  const distiller: Distiller<Net, Net> = {
    id: "sakd",
    options: checkRanges("sakd", {
      method: { id, options: methodOptions },
      routing,
      homogeneous,
      gamma,
      alpha,
      beta,
      ce,
      temperature,
      gumbel,
      statistics,
    }, {
      gamma: above(0),
      alpha: atLeast(0),
      beta: atLeast(0),
      ce: atLeast(0),
      temperature: above(0),
      gumbel: above(0),
    }),
    paper: [PAPER, ...paper ? [paper] : []].join("; "),
    epochOptions,
    needs,
    build({ create, student, teacher, dataset }) {
      const copy = routing === "both"
        ? create.in("teacher")(teacher.recipe, { from: teacher })
        : undefined;
      const models = { student, teacher: copy ?? teacher };
      const loss = build({ create: create.in("method"), ...models, dataset });
      const pairs = sortPairs(models, spots(student, models.teacher));
      const names = [...pairs.map(([tap]) => tap), "logits"];
      const route = router(create, models, pairs, noise, { routing, homogeneous, gamma, gumbel });
      return (step) => {
        const { student, image, task, random } = step;
        const teacher = copy?.run(image, step.live) ?? step.teacher;
        const { chosen, terms: policyTerms } = route(within(step, { teacher }));
        const asked = new Set<string>();
        const mask = (spot: string) => {
          asked.add(spot);
          if (names.includes(spot)) return chosen?.[names.indexOf(spot)];
          throw new Error(`${id} asks for a mask at ${spot}, which is not one of its spots`);
        };
        const live: Pass = { ...step.live, whole: statistics === "batch" };
        const { terms, writes, reports } = withMemory(
          loss(within(step, { teacher, live, random: random.in("method"), mask })),
        );
        const unasked = pairs.find(([tap]) => !asked.has(tap));
        if (unasked) {
          throw new Failure(
            2,
            `sakd routes ${id} at ${unasked[0]}, but its loss never asks for mask("${unasked[0]}")`,
          );
        }
        const [s, t] = [student, teacher].map(({ taps }) => taps.logits);
        const common: Terms = {
          task: [ce, task(logitsOutput(s)), "task"],
          ...copy && { teacher_task: [ce, task(logitsOutput(t)), "task"] },
          ...alpha && { kd: [alpha, applyMask(kl(s, t, temperature), mask("logits"))] },
          ...policyTerms,
        };
        const shares = (chosen ?? []).map((mask, i) => [`spot_${names[i]}`, mask]);
        return {
          terms: mergeTerms(common, scaleTerms(terms, beta), id),
          writes,
          reports: { ...reports, ...Object.fromEntries(shares) },
        };
      };
    },
  };
  return distiller;
}

const PAPER = "Spot-Adaptive Knowledge Distillation. Song, Chen, Ye, Song, 2022. arXiv:2205.02399";

/** The models of student and teacher. */
type Models = Pick<BuildContext<Net, Net>, "student" | "teacher">;

/** Pairs of a student's and a teacher's taps. */
type Pairs = readonly TapPair<string, string>[];

/** Sorts a method's spots, without the logits, by the order of the student's stages. */
function sortPairs({ student, teacher }: Models, spots: Pairs): Pairs {
  const place = ({ shapes }: Model, tap: string) => Object.keys(shapes).indexOf(tap);
  const pairs = spots.filter(([tap]) => tap !== "logits")
    .toSorted(([a], [b]) => place(student, a) - place(student, b));
  pairs.slice(1).forEach(([s, t], i) => {
    const [before, above] = pairs[i];
    if (place(teacher, t) > place(teacher, above)) return;
    throw new Failure(
      2,
      `sakd routes from spot to spot: the student's ${s} is after its ${before}, ` +
        `but the teacher's ${t} is not after its ${above}; pair taps in the order of both networks' stages`,
    );
  });
  return pairs;
}

interface Routing {
  /** The samples that learn at each spot, the logits last, [batch] of 0 and 1. Default: all. */
  readonly chosen?: readonly Tensor[];
  /** The terms from which the policy learns. */
  readonly terms: Terms;
}

function router(
  create: Create,
  models: Models,
  pairs: Pairs,
  noise: Noise,
  { routing, homogeneous, gamma, gumbel }: Required<
    Pick<SakdOptions, "routing" | "homogeneous" | "gamma" | "gumbel">
  >,
): (step: StepContext<Net, Net>) => Routing {
  const spots = pairs.length + 1;
  if (routing === "always") return () => ({ terms: {} });
  if (routing === "random") {
    return ({ index, random }) => {
      const coins = tf.less(random.in("coins").uniform([index.shape[0]!, spots]), 0.5);
      return { chosen: tf.unstack(tf.cast(coins, "float32"), 1), terms: {} };
    };
  }
  const slower = create.at({ lr: 0.5, weightDecay: 1e-3 });
  const uniform = noise(create, spots);
  const decide = policy(slower, models, spots, { homogeneous, gumbel });
  const graft = routedNetwork(slower, models, pairs, routing === "both");
  return (step) => {
    const actions = tf.unstack(decide(step, uniform(step)), 1);
    const last = actions[spots - 1];
    const values = step.task(logitsOutput(graft(step, actions)));
    const studentValues = step.task(logitsOutput(step.student.taps.logits));
    const worse = tf.sign(stopGradient(tf.sub(tf.mean(values), tf.mean(studentValues))));
    const deficit = reluOp(tf.sub(last.shape[0]! / 2, tf.sum(last)));
    return {
      chosen: actions.map((action) =>
        routing === "reversed" ? tf.sub(1, stopGradient(action)) : stopGradient(action)
      ),
      terms: {
        policy: [tf.pow(gamma, worse), values],
        balance: [1, tf.mul(tf.onesLike(values), deficit)],
      },
    };
  };
}

/**
 * The policy: for each sample at each spot 1 for the teacher's way or 0 for the student's, [batch,
 * spots], from both networks' pooled features, which do not learn from it.
 */
export function policy(
  create: Create,
  { student, teacher }: Pick<BuildContext<Net, Net>, "student" | "teacher">,
  spots: number,
  { homogeneous, gumbel: temperature }: Required<Pick<SakdOptions, "homogeneous" | "gumbel">>,
): (step: Pick<StepContext<Net, Net>, "student" | "teacher" | "live">, uniform: Tensor) => Tensor {
  const features = sizeOf(teacher.shapes.pooled) + sizeOf(student.shapes.pooled);
  const { biasInitial } = defaultInitialisers(features);
  const offsets = [homogeneous ? 10 : 0, 0];
  const layer = dense(2 * spots, {
    biasInitial: (size, random) =>
      biasInitial(size, random).map((value, i) => value + offsets[i % 2]),
  });
  const decide = create.in("policy")(layer, [features]);
  return ({ student, teacher, live }, uniform) => {
    const pooled = [teacher, student].map(({ taps }) => flatten(stopGradient(taps.pooled)));
    const logits = tf.reshape(decide(tf.concat(pooled, 1), live), uniform.shape);
    return tf.squeeze(tf.slice(gumbel(logits, uniform, temperature), [0, 0, 0], [-1, -1, 1]), [2]);
  };
}

/** The logits of both networks as one, in which each sample takes the way of its actions. */
function routedNetwork(
  create: Create,
  { student, teacher }: Models,
  pairs: Pairs,
  learns: boolean,
): (step: StepContext<Net, Net>, actions: readonly Tensor[]) => Tensor {
  const studentStages = splitStages(student, pairs.map(([s]) => s));
  const teacherStages = splitStages(teacher, pairs.map(([, t]) => t));
  const adapters = pairs.map((pair) => {
    const from = student.shapes[pair[0]];
    const to = teacher.shapes[pair[1]];
    return {
      hint: create.in(`hint_${pair[0]}`)(adapter(from, to, pair), from),
      anti: create.in(`anti_${pair[0]}`)(adapter(to, from, pair), to),
    };
  });
  return ({ image, teacher: output, live, frozen }, actions) => {
    const first = teacherStages[0].at(-1)!;
    let s = runStages(student, studentStages[0], image, frozen);
    // Up to the first spot a teacher that does not learn would compute its output again.
    let t = learns ? runStages(teacher, teacherStages[0], image, frozen) : output.taps[first];
    adapters.forEach(({ hint, anti }, i) => {
      const mixedS = mix(actions[i], anti(t, live), s);
      const mixedT = mix(actions[i], t, hint(s, live));
      const nextS = student.hand(pairs[i][0], mixedS, frozen);
      const nextT = teacher.hand(pairs[i][1], mixedT, frozen);
      s = runStages(student, studentStages[i + 1], nextS, frozen);
      t = runStages(teacher, teacherStages[i + 1], nextT, frozen);
    });
    return mix(actions.at(-1)!, t, s);
  };
}

/**
 * Splits a network's stages at these taps: up to the first, from one to the next, and to the end.
 */
function splitStages({ shapes }: Model, taps: readonly string[]): string[][] {
  const stages = Object.keys(shapes);
  const ends = [...taps.map((tap) => stages.indexOf(tap) + 1), stages.length];
  return ends.map((end, i) => stages.slice(ends[i - 1] ?? 0, end));
}

/** Runs these stages, the first of them on x; returns the output of the last. */
function runStages(model: Model, stages: readonly string[], x: Tensor, pass: Pass): Tensor {
  let out = x;
  let input = x;
  for (const name of stages) ({ out, next: input = out } = model.stage(name, input, pass));
  return out;
}

/** Takes samples of `one` where the action, [batch], is 1, and of `other` where it is 0. */
function mix(action: Tensor, one: Tensor, other: Tensor): Tensor {
  const a = tf.reshape(action, [action.shape[0], ...one.shape.slice(1).map(() => 1)]);
  return tf.add(tf.mul(a, one), tf.mul(tf.sub(1, a), other));
}

/** A layer from one network's tap to the shape of the other's. */
function adapter(from: Shape, to: Shape, [s, t]: TapPair<string, string>): Layer {
  if (from.length === 1 && to.length === 1) return dense(to[0]);
  if (from.length === to.length) return regressor(from, to);
  throw new Failure(
    2,
    `sakd: a map and a vector cannot take each other's place, here the student's ${s} and the ` +
      `teacher's ${t} ([${from}], [${to}]): choose two maps or two vectors`,
  );
}

/** Multiplies the weights of terms. */
function scaleTerms(terms: Terms, factor: number): Terms {
  if (factor === 1) return terms;
  return Object.fromEntries(
    Object.entries(terms).map(([name, [weight, ...rest]]): [string, Term] => [
      name,
      [typeof weight === "number" ? weight * factor : tf.mul(weight, factor), ...rest],
    ]),
  );
}
