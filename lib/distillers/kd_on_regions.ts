import type { Distiller, Objects } from "../experiment/distiller.ts";
import { averageSlots } from "../nn/detection_loss.ts";
import type { Detector } from "../nn/detector.ts";
import { kl } from "../nn/ops.ts";
import { lookAt } from "../nn/two_stages.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `kdOnRegions`. */
export interface KdOnRegionsOptions {
  /** T, which softens both distributions. Default: 1 (mdistiller's DKD on regions). */
  readonly temperature?: number;
  /** Weight of T² · KL(teacher ‖ student). Default: 1. */
  readonly kd?: number;
}

/**
 * KD on a detector: the student's four losses and T² · KL(t ‖ s) of the classes of the student's
 * sampled regions, the background among them. The teacher's head looks at the same regions on its
 * own pyramid; its own proposals are not used (DKD's protocol, mdistiller).
 *
 * @example
 * ```ts
 * import { experiment, fasterRcnn, from, imagenet, kdOnRegions, scratch, sgd } from "@retort/retort";
 * import { coco } from "@retort/retort/datasets";
 *
 * const shared = { dataset: coco(), schedule: sgd({ epochs: 12, batch: 16, lr: 0.02 }) };
 * export const teacher = experiment(import.meta, {
 *   ...shared,
 *   student: fasterRcnn({ body: imagenet.resnet101 }),
 *   distiller: scratch(),
 * });
 * export const student = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(teacher),
 *   student: fasterRcnn(),
 *   distiller: kdOnRegions(),
 * });
 * ```
 */
export function kdOnRegions(
  { temperature = 1, kd = 1 }: KdOnRegionsOptions = {},
): Distiller<Detector, Detector, Objects> {
  return {
    id: "kd",
    options: checkRanges("kd", { temperature, kd }, { temperature: above(0), kd: atLeast(0) }),
    paper:
      "Distilling the Knowledge in a Neural Network. Hinton, Vinyals, Dean, 2015. arXiv:1503.02531",
    build: () => ({ student, teacher, task, regionsOf }) => {
      const { boxes, mask, output } = regionsOf(student);
      const divergence = kl(output.logits, lookAt(teacher, boxes).logits, temperature);
      return {
        task: [1, task(student), "task"],
        kd: [kd, averageSlots(divergence, mask)],
      };
    },
  };
}
