import type { Create, Distiller } from "../experiment/distiller.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Layer } from "../nn/layer.ts";
import { dense, relu, residual, seq } from "../nn/layers.ts";
import {
  type Classifier,
  logitsOutput,
  type Model,
  type Output,
  type Scorer,
  variablesAfter,
} from "../nn/network.ts";
import { applyMask, kl, stopGradient } from "../nn/ops.ts";
import type { Pass } from "../nn/pass.ts";
import { runBehind, tail } from "../nn/tail.ts";
import { normal, startFrom } from "../nn/variables.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `kdDagger`. */
export interface KdDaggerOptions {
  /**
   * Part of the teacher that learns: `all` of it (the table's row), its `head`, or an `adapter`
   * between its pooled vector and its head. The rest stays as trained. Default: `all`.
   */
  readonly tune?: "all" | "head" | "adapter";
  /** T. Default: 4 (SHAKE's submission and released code). */
  readonly temperature?: number;
  /** Weight of each network's cross-entropy. Default: 1 (SHAKE's form of KD). */
  readonly ce?: number;
  /**
   * Weight of T² · KL(teacher ‖ student), by which the student learns. Default: 1 (λ in SHAKE's
   * form of KD).
   */
  readonly kd?: number;
  /**
   * Weight of T² · KL(student ‖ teacher), by which the teacher learns. Default: 1 (λ in SHAKE's
   * form of reversed distillation).
   */
  readonly reverse?: number;
  /** Whether both logits are standardised first (Sun et al., 2024). Default: false. */
  readonly standardised?: boolean;
}

/**
 * KD†, a row of SHAKE's table (Li, Jin, 2022; "KD+ (ours)" on its slides), whose code is not
 * released. Our reading: the pre-trained teacher is fine-tuned together with the student, and each
 * learns from the other as in DML. With p the teacher's copy: L = ce · (CE(s, y) + CE(p, y)) + kd ·
 * T² · KL(p ‖ s) + reverse · T² · KL(s ‖ p), softened by T, with the first of each KL a constant.
 * The adapter is that of Houlsby et al., 2019 (arXiv:1902.00751): x + W₂ relu(W₁ x) to a quarter of
 * the channels and back, with weights N(0, 0.01²), so that it starts near x.
 */
export function kdDagger(options: KdDaggerOptions = {}): Distiller<Scorer, Classifier> {
  const { tune = "all", temperature = 4, ce = 1, kd = 1, reverse = 1, standardised } = options;
  return {
    id: "kd_dagger",
    options: checkRanges("kdDagger", { tune, temperature, ce, kd, reverse, standardised }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
      reverse: atLeast(0),
    }),
    build({ create, teacher }) {
      const runTuned = tunings[tune](create, teacher);
      return ({ student, teacher, task, image, live, frozen, mask }) => {
        const output = runTuned(image, teacher, live, frozen);
        const s = student.taps.logits;
        const p = output.taps.logits;
        const divergence = (learner: Tensor, target: Tensor) =>
          kl(learner, stopGradient(target), temperature, { standardised });
        return {
          task: [ce, task(student), "task"],
          kd: [kd, applyMask(divergence(s, p), mask("logits"))],
          teacher_task: [ce, task(output), "task"],
          teacher_kd: [reverse, divergence(p, s)],
        };
      };
    },
  };
}

/** Runs the tuned teacher on images. `teacher` is the output of the teacher as trained. */
type RunTuned = (
  image: Tensor,
  teacher: Output<Classifier>,
  live: Pass,
  frozen: Pass,
) => Output<Scorer>;

const tunings: Record<
  NonNullable<KdDaggerOptions["tune"]>,
  (create: Create, teacher: Model<Classifier>) => RunTuned
> = {
  all(create, teacher) {
    const copy = create.in("teacher")(teacher.recipe, { from: teacher });
    return (image, _, live) => copy.run(image, live);
  },
  head(create, teacher) {
    const last = tail(teacher, "pooled");
    const later = variablesAfter(teacher, ["pooled"]);
    const copiedHead: Layer = (scope, input) => last(startFrom(scope, later, []), input);
    const head = create.in("head")(copiedHead, teacher.nextShapes.pooled);
    return (_, { next }, live) => logitsOutput(head(next.pooled, live));
  },
  adapter(create, teacher) {
    const shape = teacher.nextShapes.pooled;
    const channels = shape.at(-1)!;
    const initial = normal(0.01);
    const narrow = dense(Math.ceil(channels / 4), { initial });
    const back = dense(channels, { initial });
    const adapter = create.in("adapter")(residual(seq(narrow, relu(), back)), shape);
    return (_, { next }, live, frozen) =>
      logitsOutput(runBehind(teacher, "pooled", adapter(next.pooled, live), frozen));
  },
};
