import * as tf from "@tensorflow/tfjs";
import {
  type Create,
  type Distiller,
  numberTerms,
  type Role,
  type SeveralTeachers,
  type StepContext,
  type Term,
  type Terms,
} from "../experiment/distiller.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { convNorm } from "../nn/conv.ts";
import type { Layer } from "../nn/layer.ts";
import { relu, seq } from "../nn/layers.ts";
import {
  type Classifier,
  logitsOutput,
  type Model,
  type Net,
  type Output,
  type Scorer,
  type SingleHead,
} from "../nn/network.ts";
import {
  applyMask,
  crossEntropy,
  kl,
  mse,
  refuseTwoClasses,
  safeSqrt,
  stopGradient,
} from "../nn/ops.ts";
import type { Pass } from "../nn/pass.ts";
import type { Shape } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { bothLogits, hardLabel, type TwoHeaded } from "./parts/two_heads.ts";
import { MOST_WEIGHED, weighByGradients } from "./parts/weigh_by_gradients.ts";
import { above, atLeast, checkRanges, whole } from "../values/range.ts";

/** Options of `shake` for its losses, wherever its shadow is. */
export interface ShakeLossOptions {
  /** T. Default: 4 (the submission and the released code). */
  readonly temperature?: number;
  /** Weight of the student's cross-entropy. Default: 1. */
  readonly ce?: number;
  /** Weight of the KL from all shadows together to the student. Default: 1 (λ). */
  readonly kd?: number;
  /** Weight of the loss by which a shadow learns from its teacher. Default: 1. */
  readonly follow?: number;
  /**
   * The loss of `follow`: the KL of softened logits, the mean squared difference of logits, or the
   * cross-entropy with the teacher's class, as in DeiT. Default: `kl` (the submission), or `mse`
   * with `released`.
   */
  readonly by?: "kl" | "mse" | "hard";
  /**
   * Weight of the KL from the student to a shadow, reversed distillation; 0 turns it off. Default:
   * 1 (λ).
   */
  readonly reverse?: number;
  /** Weight of a shadow's cross-entropy. Default: 0 (the submission), or 1 with `released`. */
  readonly labels?: number;
  /** Weight of the KL from the teachers themselves to the student. Default: 0. */
  readonly direct?: number;
  /**
   * Whether all logits are first normalised over the classes and multiplied by 3.1415, as in the
   * released code. Default: `false`, or `true` with `released`.
   */
  readonly normalised?: boolean;
  /**
   * Whether every KL is divided by the number of classes, as in DeiT's released code. Default:
   * `false`.
   */
  readonly perClass?: boolean;
  /**
   * Whether the gradients of `kd` and `reverse` reach the network that teaches, too. Default:
   * `false` (the released code).
   */
  readonly joint?: boolean;
}

/** Options of `shake`. */
export interface ShakeOptions<T extends string> extends ShakeLossOptions {
  /**
   * The backbone of the shadow's maps: that of the frozen `teacher` (poster, panel I; released
   * code), of the `student`, which then learns for the shadow, too (the submission), or its `own`:
   * a proxy teacher, which is a copy of the teacher that is trained beside the student (panel H).
   * Default: `teacher`.
   */
  readonly backbone?: "teacher" | "student" | "own";
  /**
   * The maps that the shadow fuses, in order: the student's if it is the backbone, else the
   * teacher's. Default: the first three after the stem if the third has as many channels as the
   * input of the teacher's head (released code), else the last three.
   */
  readonly taps?: readonly T[];
  /** Shadow heads on each backbone, which differ only in their initial values. Default: 1. */
  readonly heads?: number;
  /**
   * The weights of several shadows: all the same (AVER), or by their gradients at the student's
   * logits (AE-KD). Default: `equal`.
   */
  readonly weights?: "equal" | "adaptive";
  /**
   * Whether `by`, `labels` and `normalised` have the released code's defaults. Default: `false`.
   */
  readonly released?: boolean;
}

/** Options of `shake` on a student with a distillation head. */
export interface ShakeTokenOptions extends ShakeLossOptions {
  /** The shadow is the student's distillation head on its distillation token. */
  readonly backbone: "token";
}

/** The teacher or teachers whose heads score vectors of shadows. */
export type ShadowedTeachers<T extends string> =
  | Classifier<T> & SingleHead
  | SeveralTeachers<Classifier<T> & SingleHead>;

/**
 * SHAKE: Shadow Knowledge Distillation: Bridging Offline and Online Knowledge Transfer. Li, Jin,
 * 2022. NeurIPS. A shadow head h fuses maps of the frozen teacher t into a vector that t's own
 * frozen classifier scores. h learns from t and from the student s, and s learns from h: L_s = ce ·
 * CE(s, y) + kd · KL_T(h ‖ s), L_h = follow · KL_T(t ‖ h) + reverse · KL_T(s ‖ h), each KL times
 * T², with its first argument a constant (the submission's equations, λ = 1; the poster's panel I).
 * Each of several teachers has a shadow, and they share `kd` (panel J; for the submission's sum
 * multiply `kd` by their number).
 *
 * The shadow is the released code's: 3×3 convolutions with norms and ReLUs lead from map to map,
 * with the ratio of their sides as stride. Each next map is added through a 1×1 convolution. One
 * more convolution and the mean over positions follow. `released: true` sets the rest of the
 * released code.
 *
 * With the backbone `token`, for a student with a distillation token, s is its class head and h
 * its distillation head, with the same losses: h has no layers of its own, and L_h trains the whole
 * student. No code is released. _Our reading_ of what the submission leaves open: each loss has
 * weight 1, not DeiT's ½ (`ce`, `kd`, `follow`, `reverse`), T is 4 as on CIFAR-100 (`temperature`),
 * h learns from t by the KL (`by`) and from no labels (`labels`), logits are not normalised
 * (`normalised`), each KL is averaged over the batch alone (`perClass`) and its first argument is
 * a constant (`joint`).
 *
 * @example
 * ```ts
 * import { experiment, from, resnet20, resnet8, scratch, sgd, shake } from "@retort/retort";
 * import { cifar100 } from "@retort/retort/datasets";
 *
 * const shared = { dataset: cifar100(), schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }) };
 * export const teacher = experiment(import.meta, {
 *   ...shared,
 *   student: resnet20,
 *   distiller: scratch(),
 * });
 * export const student = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(teacher),
 *   student: resnet8,
 *   distiller: shake({ released: true }),
 * });
 * ```
 */
export function shake<const S extends string = never>(
  options: ShakeOptions<S> & { readonly backbone: "student" },
): Distiller<Net<S | "logits">, ShadowedTeachers<never>>;
/** The same on the teacher's maps, or on those of a proxy teacher. */
export function shake<const T extends string = never>(
  options?: ShakeOptions<T>,
): Distiller<Scorer, ShadowedTeachers<T>>;
/** The same on a student with a distillation head. */
export function shake(options: ShakeTokenOptions): Distiller<TwoHeaded, Scorer>;
export function shake<const T extends string>(
  options: ShakeOptions<T> | ShakeTokenOptions = {},
):
  | Distiller<Scorer, ShadowedTeachers<T>>
  | Distiller<TwoHeaded, Scorer> {
  return options.backbone === "token" ? shakeOnToken(options) : shakeOnMaps(options);
}

const PAPER =
  "Shadow Knowledge Distillation: Bridging Offline and Online Knowledge Transfer. Li, Jin, 2022. NeurIPS";

function shakeOnToken({ backbone, ...losses }: ShakeTokenOptions): Distiller<TwoHeaded, Scorer> {
  const settings = lossSettings(losses);
  return {
    id: "shake",
    options: { backbone, ...settings },
    paper: PAPER,
    build: () => ({ student, teacher, task, mask }) => {
      const [s, h] = bothLogits(student);
      return shakeTerms(settings, "equal", s, [{ h, t: teacher.taps.logits }], { task, mask });
    },
  };
}

function shakeOnMaps<T extends string>(
  options: ShakeOptions<T>,
): Distiller<Scorer, ShadowedTeachers<T>> {
  const { backbone = "teacher", taps, heads = 1, released = false, weights = "equal" } = options;
  const settings = lossSettings(options, released);
  if (backbone === "own" && taps) {
    throw new Failure(2, "shake: the backbone `own` fuses no maps: leave `taps` out");
  }
  if (backbone === "own" && heads > 1) {
    throw new Failure(
      2,
      "shake: copies of a teacher as the backbone `own` stay the same: leave `heads` out",
    );
  }
  return {
    id: "shake",
    options: {
      backbone,
      taps: taps ?? "maps",
      ...checkRanges("shake", { heads }, { heads: whole() }),
      ...settings,
      weights,
    },
    paper: PAPER,
    build({ create, student, teacher }) {
      const teachers = toList(teacher);
      if (weights === "adaptive" && heads * teachers.length > MOST_WEIGHED) {
        throw new Failure(
          2,
          `shake weighs ${MOST_WEIGHED} shadows at most, not ${heads * teachers.length}: ` +
            '`weights: "equal"` takes any number',
        );
      }
      const shadows = teachers.flatMap((model, t) =>
        Array.from({ length: heads }, (_, i) => {
          const scope = create.in(`shadow${t * heads + i + 1}`);
          return { t, shadow: SHADOWS[backbone](scope, model, student, taps) };
        })
      );
      return ({ student, teacher, image, task, live, frozen, mask }) => {
        const outputs = toList(teacher);
        const context = shadows.map(({ t, shadow }): Followed => ({
          h: shadow({ image, teacher: outputs[t], student, live, frozen }),
          t: outputs[t].taps.logits,
        }));
        return shakeTerms(settings, weights, student.taps.logits, context, { task, mask });
      };
    },
  };
}

/** The settings of the losses with the defaults filled in, as in the declaration. */
function lossSettings(options: ShakeLossOptions, released = false) {
  const { temperature = 4, ce = 1, kd = 1, follow = 1, reverse = 1, direct = 0 } = options;
  const { by = released ? "mse" : "kl", labels = released ? 1 : 0, normalised = released } =
    options;
  const { perClass, joint } = options;
  return checkRanges("shake", {
    ...{ temperature, ce, kd, follow, by, reverse, labels, direct, normalised },
    ...{ perClass: perClass || undefined, joint: joint || undefined },
  }, {
    temperature: above(0),
    ce: atLeast(0),
    kd: atLeast(0),
    follow: atLeast(0),
    reverse: atLeast(0),
    labels: atLeast(0),
    direct: atLeast(0),
  });
}

/** The logits of a shadow and of the teacher that it follows, [batch, classes]. */
interface Followed {
  readonly h: Tensor;
  readonly t: Tensor;
}

/** The terms of a student with the logits s, [batch, classes], and of its shadows. */
function shakeTerms(
  settings: ReturnType<typeof lossSettings>,
  weights: "equal" | "adaptive",
  given: Tensor,
  shadows: readonly Followed[],
  { task, mask }: Pick<StepContext<Scorer, Scorer>, "task" | "mask">,
): Terms {
  const { temperature, ce, kd, follow, by, reverse, labels, direct, normalised } = settings;
  const { perClass, joint } = settings;
  const prepare = normalised ? normalise : (logits: Tensor) => logits;
  const hold = joint ? (logits: Tensor) => logits : stopGradient;
  const divergence = (from: Tensor, to: Tensor) => {
    const values = kl(to, from, temperature);
    return perClass ? tf.div(values, from.shape.at(-1)!) : values;
  };
  const follows = {
    kl: ({ h, t }: Followed) => divergence(t, h),
    mse: ({ h, t }: Followed) => mse(h, t),
    hard: ({ h, t }: Followed) => crossEntropy(h, hardLabel(t)),
  };
  const chosen = mask("logits");
  const s = prepare(given);
  const context = shadows.map(({ h, t }): Followed => ({ h: prepare(h), t: prepare(t) }));
  const losses = context.map(({ h }) => (s: Tensor) => divergence(hold(h), s));
  const shadowTerms = weights === "adaptive" && context.length > 1
    ? weighByGradients(s, losses, { most: 0.6, directions: false, weight: kd, mask: chosen })
    : losses.map((loss): Term => [kd / context.length, applyMask(loss(s), chosen)]);
  const termsOf = (
    name: string,
    weight: number,
    loss: (logits: Followed) => Tensor,
    role?: Role,
  ): Terms =>
    weight === 0
      ? {}
      : nameTerms(name, context.map((logits): Term => [weight, loss(logits), role]));
  return {
    task: [ce, task(logitsOutput(s)), "task"],
    ...nameTerms("shadow", shadowTerms),
    ...termsOf("direct", direct / context.length, ({ t }) => applyMask(divergence(t, s), chosen)),
    ...termsOf("follow", follow, follows[by]),
    ...termsOf("reverse", reverse, ({ h }) => divergence(hold(s), h)),
    ...termsOf("labels", labels, ({ h }) => task(logitsOutput(h)), "task"),
  };
}

/** The inputs of a shadow, a part of the step context. */
interface ShadowInput {
  readonly image: Tensor;
  readonly teacher: Output<Classifier>;
  readonly student: Output<Scorer>;
  readonly live: Pass;
  readonly frozen: Pass;
}

/** Makes the shadow of a teacher, which computes logits, [batch, classes]. */
type MakeShadow = (
  create: Create,
  teacher: Model<Classifier>,
  student: Model<Scorer>,
  taps: readonly string[] | undefined,
) => (input: ShadowInput) => Tensor;

const SHADOWS: Record<NonNullable<ShakeOptions<string>["backbone"]>, MakeShadow> = {
  teacher(create, teacher, _, taps) {
    const shadow = makeHead(create, teacher, teacher, taps);
    return ({ teacher: { taps }, live, frozen }) => shadow(taps, live, frozen);
  },
  student(create, teacher, student, taps) {
    const shadow = makeHead(create, teacher, student, taps);
    return ({ student: { taps }, live, frozen }) => shadow(taps, live, frozen);
  },
  own(create, teacher) {
    const proxy = create(teacher.recipe, { from: teacher });
    return ({ image, live }) => proxy.run(image, live).taps.logits;
  },
};

type Maps = Readonly<Record<string, Tensor>>;

/**
 * Makes a head over maps of a backbone. It fuses them into a vector that the teacher's frozen
 * classifier scores.
 */
function makeHead(
  create: Create,
  teacher: Model<Classifier>,
  backbone: Model<Scorer>,
  chosenTaps: readonly string[] | undefined,
): (maps: Maps, live: Pass, frozen: Pass) => Tensor {
  const shapes = backbone.shapes as Readonly<Record<string, Shape>>;
  const [channels] = teacher.shapes.pooled;
  const maps: readonly string[] = backbone.maps;
  const taps = chosenTaps ?? defaultTaps(backbone, channels);
  const flat = taps.find((tap) => !maps.includes(tap));
  if (taps.length === 0 || flat !== undefined) {
    const problem = flat === undefined
      ? "has no map after its stem"
      : `has no map at ${flat}, but [${shapes[flat]}]`;
    throw new Failure(2, `shake: ${backbone.recipe.id} ${problem}: choose other taps`);
  }
  const block = (name: string, layer: Layer, from: Shape) =>
    create.in(name)(seq(layer, relu()), from);
  const chain = taps.slice(1).map((tap, i) => {
    const from = shapes[taps[i]];
    const to = shapes[tap];
    const stride = Math.max(1, Math.round(from[0] / to[0]));
    const down = block(`down_${tap}`, convNorm(to[2], { stride }), from);
    if (down.shape.join() !== to.join()) {
      throw new Failure(
        2,
        `shake: ${
          taps[i]
        } of [${from}] does not lead to ${tap} of [${to}] by a whole stride: choose other taps`,
      );
    }
    return { tap, down, side: block(`side_${tap}`, convNorm(to[2], { kernel: 1 }), to) };
  });
  const last = block("last", convNorm(channels), shapes[taps.at(-1)!]);
  return (maps, live, frozen) => {
    const map = chain.reduce(
      (x, { tap, down, side }) => tf.add(down(x, live), side(maps[tap], live)),
      maps[taps[0]],
    );
    return teacher.stage("logits", tf.mean(last(map, live), [1, 2]), frozen).out;
  };
}

/**
 * The first three maps after the stem if the third has this number of channels, else the last
 * three. All maps if there are fewer.
 */
function defaultTaps({ maps, shapes }: Model<Net>, channels: number): readonly string[] {
  const after = maps.slice(1);
  return after.length > 3 && shapes[after[2]][2] !== channels ? after.slice(-3) : after.slice(0, 3);
}

/** Logits minus their mean over the classes, in deviations, times the released code's 3.1415. */
function normalise(logits: Tensor): Tensor {
  refuseTwoClasses(logits, "normalised");
  const centred = tf.sub(logits, tf.mean(logits, -1, true));
  const deviation = safeSqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-7));
  return tf.mul(tf.div(centred, deviation), 3.1415);
}

function toList<One>(one: One | readonly One[]): readonly One[] {
  return Array.isArray(one) ? one : [one as One];
}

/** Names terms, with numbers if there are several. */
function nameTerms(name: string, terms: readonly Term[]): Terms {
  return terms.length === 1 ? { [name]: terms[0] } : numberTerms(name, terms);
}
