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
  withMemory,
} from "../experiment/distiller.ts";
import { reluOp } from "../kernels/relu.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { byDefault, type Layer } from "../nn/layer.ts";
import { dense } from "../nn/layers.ts";
import { type Classifier, type Model, type Net, outputOf, type Tap } from "../nn/network.ts";
import { flat, gumbel, kl, masked, stop } from "../nn/ops.ts";
import type { Pass } from "../nn/pass.ts";
import type { TapPair } from "../nn/tap_pairs.ts";
import { type Shape, sizeOf } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { regressor } from "./parts/regressor.ts";

/** What `sakd` can be asked for. */
export interface SakdOptions {
  /**
   * Which samples learn at which spot. `adaptive`, the default: those that the policy routes
   * through the teacher there. The others are the controls of the released scripts. `reversed`:
   * those that it routes through the student. `random`: each with even odds, without a policy.
   * `both`: as `adaptive`, while a copy of the teacher learns too, from the labels and from every
   * term that it shares with the student. `always`: all of them, the tables' standard distillation.
   */
  readonly routing?: "adaptive" | "reversed" | "random" | "both" | "always";
  /**
   * Whether the policy starts by routing everything through the teacher, its bias there 10 more:
   * yes in the released configurations of pairs of one family; no.
   */
  readonly homogeneous?: boolean;
  /**
   * γ: by how much the policy's term is multiplied where the routed network is worse than the
   * student, and divided where it is better. 1; in the released configurations 2 for AT, RKD and
   * VID on CIFAR-100 and for every method on Tiny-ImageNet.
   */
  readonly gamma?: number;
  /** Weight of T² · KL(teacher ‖ student) of the samples that learn at the logits; 1 (released). */
  readonly alpha?: number;
  /**
   * Factor on the method's own weights; 1. What is released has SAKD's β as FitNets' whole weight:
   * `fitnets({ weight: 1 })`.
   */
  readonly beta?: number;
  /** Weight of the cross-entropy; 1. */
  readonly ce?: number;
  /** T of the KL; 4 (released). */
  readonly temperature?: number;
  /** The temperature that the policy's decisions have gradients at; 5 (released). */
  readonly gumbel?: number;
  /**
   * Whose statistics the norms of the method's own modules use: those of the whole `batch`
   * (released), or of the samples `chosen` at their spot, as if these were the batch.
   */
  readonly statistics?: "batch" | "chosen";
}

/**
 * SAKD: Spot-Adaptive Knowledge Distillation. Song, Chen, Ye, Song, 2022. arXiv:2205.02399. A
 * policy, one dense layer over both networks' pooled features, decides for each sample at each spot
 * of another method, and at the logits, whether it takes the teacher's way (a = 1) or the student's
 * (a = 0). The student learns at the spots where the teacher's is taken: L = ce · CE(s, y) + beta ·
 * Σ_spots L_spot(samples of a = 1) + alpha · KL(samples of a = 1 at the logits), each term times
 * these samples' share of the batch. The policy and its adapters h, h' (at half the learning rate,
 * with weight decay 1e-3) learn by routing: behind each spot the teacher goes on from a · T + (1 −
 * a) · h(S), the student, by running statistics, from (1 − a) · S + a · h'(T), and L_policy = γ^±1
 * · CE(a · t + (1 − a) · s, y) + max(0, B / 2 − Σ a) at the logits. Neither loss reaches what the
 * other one trains.
 *
 * The released code, which this follows, takes a few things otherwise where they seem slips: with
 * nobody chosen FT counts everybody, with one sample CC and RKD give NaN. Here each term is the
 * loss of the chosen samples exactly, 0 without any. Its `train_random` and `train_both` weigh the
 * cross-entropy by γ, here `ce`; `train_both` has neither the policy's γ rule nor its maximum, and
 * `train_random` no decision of its own at the logits for methods of several maps; here all modes
 * differ in their routing alone.
 */
export function sakd<S extends Net, T extends Net, D>(
  method: SpottedDistiller<S, T, D>,
  options: SakdOptions = {},
): Distiller<Classifier<Tap<S>>, Classifier<Tap<T>>, D> {
  return routed(
    method,
    options,
    (_, spots) => ({ index, random }) => random.uniform([index.shape[0]!, spots, 2]),
  );
}

/** How uniform numbers from 0 to 1 are made, [batch, spots, 2]: once, and then for each step. */
export type Noise = (
  create: Create,
  spots: number,
) => (step: Pick<StepContext<Net, Net>, "index" | "random">) => Tensor;

/** `sakd` with noise that comes from elsewhere. */
export function routed<S extends Net, T extends Net, D>(
  method: SpottedDistiller<S, T, D>,
  options: SakdOptions,
  noise: Noise,
): Distiller<Classifier<Tap<S>>, Classifier<Tap<T>>, D> {
  const { routing = "adaptive", homogeneous = false, gamma = 1, alpha = 1, beta = 1, ce = 1 } =
    options;
  const { temperature = 4, gumbel = 5, statistics = "batch" } = options;
  if (!(gamma > 0)) {
    throw new Failure(2, `sakd: gamma multiplies and divides, it is greater than 0, not ${gamma}`);
  }
  const { id, options: own, paper, needs, spots, build } = erase(method);
  const distiller: Distiller<Net, Net> = {
    id: "sakd",
    options: {
      method: { id, options: own },
      routing,
      homogeneous,
      gamma,
      alpha,
      beta,
      ce,
      temperature,
      gumbel,
      statistics,
    },
    paper: [PAPER, ...paper ? [paper] : []].join("; "),
    needs,
    build({ create, student, teacher, dataset }) {
      const copy = routing === "both"
        ? create.in("teacher")(teacher.recipe, { from: teacher })
        : undefined;
      const models = { student, teacher: copy ?? teacher };
      const loss = build({ create: create.in("method"), ...models, dataset });
      const pairs = inOrder(models, spots(student, models.teacher));
      const names = [...pairs.map(([tap]) => tap), "logits"];
      const route = router(create, models, pairs, noise, { routing, homogeneous, gamma, gumbel });
      return (given) => {
        const { student, image, task, random } = given;
        const teacher = copy?.run(image, given.live) ?? given.teacher;
        const { chosen, terms: policys } = route({ ...given, teacher });
        const mask = (spot: string) => {
          if (names.includes(spot)) return chosen?.[names.indexOf(spot)];
          throw new Error(`${id} asks for a mask at ${spot}, which is none of its spots`);
        };
        const live: Pass = { ...given.live, whole: statistics === "batch" };
        const { terms, writes, reports } = withMemory(
          loss({ ...given, teacher, live, random: random.in("method"), mask }),
        );
        const [s, t] = [student, teacher].map(({ taps }) => taps.logits);
        const common: Terms = {
          task: [ce, task(outputOf(s)), "task"],
          ...copy && { teacher_task: [ce, task(outputOf(t)), "task"] },
          ...alpha && { kd: [alpha, masked(kl(s, t, temperature), mask("logits"))] },
          ...policys,
        };
        const shares = (chosen ?? []).map((mask, i) => [`spot_${names[i]}`, mask]);
        return {
          terms: mergeTerms(common, scaled(terms, beta), id),
          writes,
          reports: { ...reports, ...Object.fromEntries(shares) },
        };
      };
    },
  };
  return distiller;
}

const PAPER = "Spot-Adaptive Knowledge Distillation. Song, Chen, Ye, Song, 2022. arXiv:2205.02399";

/** A student and a teacher. */
type Players = Pick<BuildContext<Net, Net>, "student" | "teacher">;

/** Pairs of a student's and a teacher's taps. */
type Pairs = readonly TapPair<string, string>[];

/** Where a method routes: its spots but the logits, in the order of the student's stages. */
function inOrder({ student, teacher }: Players, spots: Pairs): Pairs {
  const place = ({ shapes }: Model, tap: string) => Object.keys(shapes).indexOf(tap);
  const pairs = spots.filter(([tap]) => tap !== "logits")
    .toSorted(([a], [b]) => place(student, a) - place(student, b));
  pairs.slice(1).forEach(([s, t], i) => {
    const [before, above] = pairs[i];
    if (place(teacher, t) > place(teacher, above)) return;
    throw new Failure(
      2,
      `sakd routes from spot to spot: the student's ${s} is behind its ${before}, but the teacher's ${t} not behind its ` +
        `${above}; pair taps in the order of both networks' stages`,
    );
  });
  return pairs;
}

/**
 * Which samples learn at each spot, the logits last, [batch] of 0 and 1 each, or all; and what the
 * policy learns from.
 */
interface Routed {
  readonly chosen?: readonly Tensor[];
  readonly terms: Terms;
}

function router(
  create: Create,
  models: Players,
  pairs: Pairs,
  noise: Noise,
  { routing, homogeneous, gamma, gumbel }: Required<
    Pick<SakdOptions, "routing" | "homogeneous" | "gamma" | "gumbel">
  >,
): (step: StepContext<Net, Net>) => Routed {
  const spots = pairs.length + 1;
  if (routing === "always") return () => ({ terms: {} });
  if (routing === "random") {
    return ({ index, random }) => {
      const coins = tf.less(random.in("coins").uniform([index.shape[0]!, spots]), 0.5);
      return { chosen: tf.unstack(tf.cast(coins, "float32"), 1), terms: {} };
    };
  }
  const paced = create.at({ lr: 0.5, weightDecay: 1e-3 });
  const uniform = noise(create, spots);
  const decide = policy(paced, models, spots, { homogeneous, gumbel });
  const graft = grafting(paced, models, pairs, routing === "both");
  return (step) => {
    const actions = tf.unstack(decide(step, uniform(step)), 1);
    const last = actions[spots - 1];
    const values = step.task(outputOf(graft(step, actions)));
    const own = step.task(outputOf(step.student.taps.logits));
    const worse = tf.sign(stop(tf.sub(tf.mean(values), tf.mean(own))));
    const lacking = reluOp(tf.sub(last.shape[0]! / 2, tf.sum(last)));
    return {
      chosen: actions.map((action) =>
        routing === "reversed" ? tf.sub(1, stop(action)) : stop(action)
      ),
      terms: {
        policy: [tf.pow(gamma, worse), values],
        balance: [1, tf.mul(tf.onesLike(values), lacking)],
      },
    };
  };
}

/**
 * The policy: for each sample at each of so many spots 1 for the teacher's way, 0 for the
 * student's, [batch, spots], from both networks' pooled features, which do not learn from it.
 */
export function policy(
  create: Create,
  { student, teacher }: Pick<BuildContext<Net, Net>, "student" | "teacher">,
  spots: number,
  { homogeneous, gumbel: temperature }: Required<Pick<SakdOptions, "homogeneous" | "gumbel">>,
): (step: Pick<StepContext<Net, Net>, "student" | "teacher" | "live">, uniform: Tensor) => Tensor {
  const features = sizeOf(teacher.shapes.pooled) + sizeOf(student.shapes.pooled);
  const { biasInitial } = byDefault(features);
  const towards = [homogeneous ? 10 : 0, 0];
  const layer = dense(2 * spots, {
    biasInitial: (size, random) =>
      biasInitial(size, random).map((value, i) => value + towards[i % 2]),
  });
  const decide = create.in("policy")(layer, [features]);
  return ({ student, teacher, live }, uniform) => {
    const pooled = [teacher, student].map(({ taps }) => flat(stop(taps.pooled)));
    const logits = tf.reshape(decide(tf.concat(pooled, 1), live), uniform.shape);
    return tf.squeeze(tf.slice(gumbel(logits, uniform, temperature), [0, 0, 0], [-1, -1, 1]), [2]);
  };
}

/**
 * The logits of both networks as one, between whose stages each sample goes the way that its
 * actions say.
 */
function grafting(
  create: Create,
  { student, teacher }: Players,
  pairs: Pairs,
  learns: boolean,
): (step: StepContext<Net, Net>, actions: readonly Tensor[]) => Tensor {
  const ours = stretches(student, pairs.map(([s]) => s));
  const theirs = stretches(teacher, pairs.map(([, t]) => t));
  const adapters = pairs.map((pair) => {
    const from = student.shapes[pair[0]];
    const to = teacher.shapes[pair[1]];
    return {
      hint: create.in(`hint_${pair[0]}`)(adapter(from, to, pair), from),
      anti: create.in(`anti_${pair[0]}`)(adapter(to, from, pair), to),
    };
  });
  return ({ image, teacher: output, live, frozen }, actions) => {
    const first = theirs[0].at(-1)!;
    let s = along(student, ours[0], image, frozen);
    // Up to the first spot a teacher that does not learn computes what it has computed already.
    let t = learns ? along(teacher, theirs[0], image, frozen) : output.taps[first];
    adapters.forEach(({ hint, anti }, i) => {
      const behindS = mixed(actions[i], anti(t, live), s);
      const behindT = mixed(actions[i], t, hint(s, live));
      s = along(student, ours[i + 1], student.hand(pairs[i][0], behindS, frozen), frozen);
      t = along(teacher, theirs[i + 1], teacher.hand(pairs[i][1], behindT, frozen), frozen);
    });
    return mixed(actions.at(-1)!, t, s);
  };
}

/** A network's stages up to each of these taps, from one to the next, and to the end. */
function stretches({ shapes }: Model, taps: readonly string[]): string[][] {
  const stages = Object.keys(shapes);
  const ends = [...taps.map((tap) => stages.indexOf(tap) + 1), stages.length];
  return ends.map((end, i) => stages.slice(ends[i - 1] ?? 0, end));
}

/** What the last of these stages gives, the first of which takes x. */
function along(model: Model, stages: readonly string[], x: Tensor, pass: Pass): Tensor {
  let out = x;
  let taken = x;
  for (const name of stages) ({ out, next: taken = out } = model.stage(name, taken, pass));
  return out;
}

/** Samples of `one` where the action, [batch], is 1, of `other` where it is 0. */
function mixed(action: Tensor, one: Tensor, other: Tensor): Tensor {
  const a = tf.reshape(action, [action.shape[0], ...one.shape.slice(1).map(() => 1)]);
  return tf.add(tf.mul(a, one), tf.mul(tf.sub(1, a), other));
}

/** What brings one network's tap to the shape of the other's. */
function adapter(from: Shape, to: Shape, [s, t]: TapPair<string, string>): Layer {
  if (from.length === 1 && to.length === 1) return dense(to[0]);
  if (from.length === to.length) return regressor(from, to);
  throw new Failure(
    2,
    `sakd: a map cannot take the place of a vector, as the student's ${s} would of the teacher's ${t} or the other way ` +
      `round ([${from}], [${to}]): choose two maps or two vectors`,
  );
}

/** Terms whose weights are so many times what they were. */
function scaled(terms: Terms, factor: number): Terms {
  if (factor === 1) return terms;
  return Object.fromEntries(
    Object.entries(terms).map(([name, [weight, ...rest]]): [string, Term] => [
      name,
      [typeof weight === "number" ? weight * factor : tf.mul(weight, factor), ...rest],
    ]),
  );
}
