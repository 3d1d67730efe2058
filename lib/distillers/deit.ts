import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../experiment/distiller.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { logitsOutput, type Scorer } from "../nn/network.ts";
import { applyMask, crossEntropy, kl } from "../nn/ops.ts";
import { above, between, checkRanges } from "../values/range.ts";
import { bothLogits, hardLabel, type TwoHeaded } from "./parts/two_heads.ts";

/** Options of `deit` with the teacher's class as label. */
export interface DeitHardOptions {
  /** Whether the distillation head learns the teacher's class or its probabilities. Default: hard. */
  readonly kind?: "hard";
  /** α, the share of the distillation head's loss. Default: ½ (paper and released code). */
  readonly alpha?: number;
}

/** Options of `deit` with the teacher's softened probabilities. */
export interface DeitSoftOptions {
  /** Whether the distillation head learns the teacher's class or its probabilities. */
  readonly kind: "soft";
  /** α, the share of the distillation head's loss. Default: 0.1 (paper; released code: ½). */
  readonly alpha?: number;
  /** τ. Default: 3 (paper; released code: 1). */
  readonly temperature?: number;
  /**
   * Whether the KL is divided by the number of classes. Default: no (paper; in the released code it
   * is).
   */
  readonly perClass?: boolean;
}

/** Options of `deit`. */
export type DeitOptions = DeitHardOptions | DeitSoftOptions;

/**
 * DeiT: Training Data-Efficient Image Transformers & Distillation through Attention. Touvron et
 * al., 2021. arXiv:2012.12877. The class head s learns from labels, the distillation head h from
 * the teacher t, whose class is neither mixed nor smoothed (Eq. 3) or whose probabilities are
 * softened (Eq. 2). `hard`: L = (1 − α) · CE(s, y) + α · CE(h, argmax t). `soft`: L = (1 − α) ·
 * CE(s, y) + α · τ² · KL(softmax(t / τ) ‖ softmax(h / τ)).
 *
 * @example
 * ```ts
 * import { deit } from "@retort/retort";
 *
 * export const hard = deit();
 * export const released = deit({ kind: "soft", alpha: 0.5, temperature: 1, perClass: true });
 * ```
 */
export function deit(options: DeitOptions = {}): Distiller<TwoHeaded, Scorer> {
  return options.kind === "soft" ? softDeit(options) : hardDeit(options);
}

function hardDeit({ alpha = 0.5 }: DeitHardOptions): Distiller<TwoHeaded, Scorer> {
  const declared = checkRanges("deit", { kind: "hard", alpha }, { alpha: between() });
  return deitBy(declared, alpha, (h, t) => crossEntropy(h, hardLabel(t)));
}

function softDeit(
  { alpha = 0.1, temperature = 3, perClass = false }: DeitSoftOptions,
): Distiller<TwoHeaded, Scorer> {
  const declared = checkRanges("deit", { kind: "soft", alpha, temperature, perClass }, {
    alpha: between(),
    temperature: above(0),
  });
  return deitBy(declared, alpha, (h, t) => {
    const divergence = kl(h, t, temperature);
    return perClass ? tf.div(divergence, t.shape.at(-1)!) : divergence;
  });
}

/** DeiT with this loss of the distillation head against the teacher, [batch]. */
function deitBy(
  options: Distiller<TwoHeaded>["options"],
  alpha: number,
  distance: (h: Tensor, t: Tensor) => Tensor,
): Distiller<TwoHeaded, Scorer> {
  return {
    id: "deit",
    options,
    paper:
      "Training Data-Efficient Image Transformers & Distillation through Attention. Touvron et al., 2021. arXiv:2012.12877",
    build: () => ({ student, teacher, task, mask }) => {
      const [s, h] = bothLogits(student);
      return {
        task: [1 - alpha, task(logitsOutput(s)), "task"],
        distill: [alpha, applyMask(distance(h, teacher.taps.logits), mask("logits"))],
      };
    },
  };
}
