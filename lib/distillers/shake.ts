import * as tf from "@tensorflow/tfjs";
import {
  type Create,
  type Distiller,
  numberTerms,
  type SeveralTeachers,
  type Term,
  type Terms,
} from "../experiment/distiller.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { convNorm } from "../nn/conv.ts";
import type { Layer } from "../nn/layer.ts";
import { relu, seq } from "../nn/layers.ts";
import { type Classifier, type Model, type Output, outputOf, type Scorer } from "../nn/network.ts";
import { kl, masked, mse, safeSqrt, stop } from "../nn/ops.ts";
import type { Pass } from "../nn/pass.ts";
import type { Shape } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { weighedByGradients } from "./parts/weighed_by_gradients.ts";

/** What `shake` can be asked for. */
export interface ShakeOptions<T extends string> {
  /**
   * Where the shadow's maps come from: the frozen `teacher`'s backbone (poster, panel I; released
   * code), the `student`'s, which then learns for the shadow too (the submission), or a proxy
   * teacher of its `own`, a copy of the teacher that is trained beside the student (panel H).
   * `teacher` by default.
   */
  readonly backbone?: "teacher" | "student" | "own";
  /**
   * The maps that the shadow fuses, in order: of the teacher, or of the student where that is the
   * backbone. By default the first three behind the stem if the third has as many channels as the
   * teacher's head takes (released code), else the last three.
   */
  readonly taps?: readonly T[];
  /** Shadow heads on each backbone, which differ in their start alone; 1. */
  readonly heads?: number;
  /** T; 4 (the submission and the released code). */
  readonly temperature?: number;
  /** Weight of the student's cross-entropy; 1. */
  readonly ce?: number;
  /** Weight of what the student learns from the shadows together; 1 (λ). */
  readonly kd?: number;
  /** Weight of what a shadow learns from its teacher; 1. */
  readonly follow?: number;
  /**
   * How it is learned: by the KL of softened scores (the submission), or by the mean squared
   * difference of scores, as released.
   */
  readonly by?: "kl" | "mse";
  /** Weight of what a shadow learns from the student, reversed distillation; 1 (λ). 0: off. */
  readonly reverse?: number;
  /** Weight of a shadow's cross-entropy; 0 (the submission), 1 as released. */
  readonly labels?: number;
  /** Weight of what the student learns from the teachers themselves; 0. */
  readonly direct?: number;
  /**
   * Whether all scores are normalised over the classes first and multiplied by 3.1415, as released;
   * no.
   */
  readonly normalised?: boolean;
  /**
   * How several shadows count: all the same (AVER), or by the gradients that they have at the
   * student's scores (AE-KD); `equal`.
   */
  readonly weights?: "equal" | "adaptive";
  /** Whether `by`, `labels` and `normalised` are by default what the released code has; no. */
  readonly released?: boolean;
}

/**
 * SHAKE: Shadow Knowledge Distillation: Bridging Offline and Online Knowledge Transfer. Li, Jin,
 * 2022. NeurIPS. A shadow head h fuses maps of the frozen teacher t into the vector that t's own
 * frozen classifier scores; it learns from t and from the student s, and s from it: L_s = ce ·
 * CE(s, y) + kd · KL_T(h ‖ s), L_h = follow · KL_T(t ‖ h) + reverse · KL_T(s ‖ h), each KL times
 * T², its first one a constant (the submission's equations, λ = 1; the poster's panel I). Each of
 * several teachers has a shadow, and `kd` is shared among them (panel J; the submission's sum is
 * `kd` times their number).
 *
 * The shadow is the released code's: 3×3 convolutions with norms and ReLUs lead from map to map,
 * strided by the ratio of their sides, each next map added through a 1×1 convolution, then one more
 * convolution and the mean over positions. What else the released code has is `released: true`.
 */
export function shake<const T extends string = never>(
  options: ShakeOptions<T> = {},
): Distiller<Scorer, Classifier<T> | SeveralTeachers<Classifier<T>>> {
  const {
    backbone = "teacher",
    taps,
    heads = 1,
    released = false,
    temperature = 4,
    weights = "equal",
  } = options;
  const { ce = 1, kd = 1, follow = 1, reverse = 1, direct = 0 } = options;
  const { by = released ? "mse" : "kl", labels = released ? 1 : 0, normalised = released } =
    options;
  if (!Number.isInteger(heads) || heads < 1) {
    throw new Failure(2, `shake: heads is a whole number, 1 or more, not ${heads}`);
  }
  if (backbone === "own" && taps) {
    throw new Failure(2, "shake: a proxy teacher of its `own` fuses no maps: leave `taps` out");
  }
  return {
    id: "shake",
    options: {
      ...{
        backbone,
        taps: taps ?? "maps",
        heads,
        temperature,
        ce,
        kd,
        follow,
        by,
        reverse,
        labels,
        direct,
      },
      ...{ normalised, weights },
    },
    paper:
      "Shadow Knowledge Distillation: Bridging Offline and Online Knowledge Transfer. Li, Jin, 2022. NeurIPS",
    build({ create, student, teacher }) {
      const teachers = listed(teacher);
      const seen = normalised ? standing : (logits: Tensor) => logits;
      const shadows = teachers.flatMap((model, t) =>
        Array.from({ length: heads }, (_, i) => {
          const scope = create.in(`shadow${t * heads + i + 1}`);
          return { t, shadow: SHADOWS[backbone](scope, model, student, taps) };
        })
      );
      return ({ student, teacher, image, task, live, frozen, mask }) => {
        const outputs = listed(teacher);
        const s = seen(student.taps.logits);
        const chosen = mask("logits");
        const context = shadows.map(({ t, shadow }) => ({
          h: seen(shadow({ image, teacher: outputs[t], student, live, frozen })),
          t: seen(outputs[t].taps.logits),
        }));
        const taught = context.map(({ h }) => (s: Tensor) => kl(s, stop(h), temperature));
        const lessons = weights === "adaptive" && context.length > 1
          ? weighedByGradients(s, taught, {
            most: 0.6,
            directions: false,
            weight: kd,
            mask: chosen,
          })
          : taught.map((lesson): Term => [kd / context.length, masked(lesson(s), chosen)]);
        const own = (
          name: string,
          weight: number,
          of: (one: { h: Tensor; t: Tensor }) => Tensor,
        ): Terms => weight === 0 ? {} : named(name, context.map((one): Term => [weight, of(one)]));
        return {
          task: [ce, task(outputOf(s)), "task"],
          ...named("shadow", lessons),
          ...own(
            "direct",
            direct / context.length,
            ({ t }) => masked(kl(s, t, temperature), chosen),
          ),
          ...own("follow", follow, ({ h, t }) => by === "kl" ? kl(h, t, temperature) : mse(h, t)),
          ...own("reverse", reverse, ({ h }) => kl(h, stop(s), temperature)),
          ...own("labels", labels, ({ h }) => task(outputOf(h))),
        };
      };
    },
  };
}

/** What a shadow makes its scores of, [batch, classes]. */
interface Seen {
  /** The images. */
  readonly image: Tensor;
  /** What its teacher makes of them. */
  readonly teacher: Output<Classifier>;
  /** What the student does. */
  readonly student: Output<Scorer>;
  readonly live: Pass;
  readonly frozen: Pass;
}

/** Makes a shadow of a teacher. */
type Shadowing = (
  create: Create,
  teacher: Model<Classifier>,
  student: Model<Scorer>,
  taps: readonly string[] | undefined,
) => (seen: Seen) => Tensor;

const SHADOWS: Record<NonNullable<ShakeOptions<string>["backbone"]>, Shadowing> = {
  teacher(create, teacher, _, taps) {
    const shadow = head(create, teacher, teacher, taps);
    return ({ teacher: { taps }, live, frozen }) => shadow(taps, live, frozen);
  },
  student(create, teacher, student, taps) {
    const shadow = head(create, teacher, student, taps);
    return ({ student: { taps }, live, frozen }) => shadow(taps, live, frozen);
  },
  own(create, teacher) {
    const proxy = create(teacher.recipe, { from: teacher });
    return ({ image, live }) => proxy.run(image, live).taps.logits;
  },
};

type Maps = Readonly<Record<string, Tensor>>;

/**
 * A head over maps of a backbone: they are fused into a vector that the teacher's frozen classifier
 * scores.
 */
function head(
  create: Create,
  teacher: Model<Classifier>,
  backbone: Model<Scorer>,
  given: readonly string[] | undefined,
): (maps: Maps, live: Pass, frozen: Pass) => Tensor {
  const shapes = backbone.shapes as Readonly<Record<string, Shape>>;
  const [channels] = teacher.shapes.pooled;
  const taps = given ?? fused(shapes, channels);
  const flat = taps.find((tap) => shapes[tap].length !== 3);
  if (taps.length === 0 || flat !== undefined) {
    const problem = flat === undefined
      ? "has no map behind its stem"
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
 * The first three maps behind the stem if the third has so many channels, else the last three; all
 * where there are fewer.
 */
function fused(shapes: Readonly<Record<string, Shape>>, channels: number): readonly string[] {
  const maps = Object.keys(shapes).filter((tap) => shapes[tap].length === 3).slice(1);
  return maps.length > 3 && shapes[maps[2]][2] !== channels ? maps.slice(-3) : maps.slice(0, 3);
}

/** Scores less their mean over the classes, in deviations, times the released code's 3.1415. */
function standing(logits: Tensor): Tensor {
  const centred = tf.sub(logits, tf.mean(logits, -1, true));
  const deviation = safeSqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-7));
  return tf.mul(tf.div(centred, deviation), 3.1415);
}

function listed<One>(one: One | readonly One[]): readonly One[] {
  return Array.isArray(one) ? one : [one as One];
}

/** Terms under one name, numbered where there are several. */
function named(name: string, terms: readonly Term[]): Terms {
  return terms.length === 1 ? { [name]: terms[0] } : numberTerms(name, terms);
}
