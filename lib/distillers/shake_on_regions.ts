import type { Distiller, Objects, Role, Terms } from "../experiment/distiller.ts";
import { type DetectionLoss, fastRcnnLoss } from "../nn/detection_loss.ts";
import type { Detector } from "../nn/detector.ts";
import { lookAt, poolRegions, splitRegions } from "../nn/two_stages.ts";
import { Failure } from "../values/failure.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";
import { distilRegions, type RegionLossOptions } from "./parts/distil_regions.ts";

/** Options of `shakeOnRegions`: what the submission leaves open. */
export interface ShakeOnRegionsOptions extends RegionLossOptions {
  /**
   * The pyramid that the shadow looks at: that of the frozen `teacher`, or of the `student`, which
   * then learns for the shadow, too. Default: `teacher`.
   */
  readonly backbone?: "teacher" | "student";
  /**
   * Whose sampled regions all heads look at. The student's own losses are always on its own.
   * Default: `student` (DKD's protocol).
   */
  readonly regions?: "student" | "teacher";
  /** Whether the shadow starts as a copy of the teacher's head. Default: `false`, a fresh head. */
  readonly copied?: boolean;
  /** Weight of the distance from the shadow to the student. Default: 1 (λ). */
  readonly kd?: number;
  /** Weight of the distance from the teacher to the shadow. Default: 1. */
  readonly follow?: number;
  /** Weight of the distance from the student to the shadow. Default: 1 (λ). */
  readonly reverse?: number;
  /** Weight of the shadow's own two losses with labels. Default: 0 (the submission). */
  readonly labels?: number;
  /** Weight of the distance from the teacher itself to the student. Default: 0. */
  readonly direct?: number;
}

/**
 * SHAKE on a detector: Shadow Knowledge Distillation: Bridging Offline and Online Knowledge
 * Transfer. Li, Jin, 2022. NeurIPS. The shadow h is another box head. With the distance D(a ← b) =
 * T² · KL(b ‖ a) of classes + the distance of boxes, b a constant: L_s = kd · D(s ← h) + the
 * student's four losses, L_h = follow · D(h ← t) + reverse · D(h ← s), each the mean over sampled
 * regions.
 *
 * No code is released. _Our reading_ of what the submission leaves open: h looks at the teacher's
 * pyramid (`backbone`), at the student's sampled regions (`regions`), starts fresh (`copied`) and
 * learns from no labels (`labels`); the KL is of one distribution over all classes with the
 * background (`classes`), T is 1 (`temperature`); boxes are compared by the L1 of the label's own
 * deltas in regions of objects, divided by all regions (`boxes`, `over`).
 *
 * @example
 * ```ts
 * import { experiment, fasterRcnn, from, imagenet, scratch, sgd, shakeOnRegions } from "@retort/retort";
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
 *   distiller: shakeOnRegions(),
 * });
 * ```
 */
export function shakeOnRegions(
  options: ShakeOnRegionsOptions = {},
): Distiller<Detector, Detector, Objects> {
  const { backbone = "teacher", regions: by = "student", copied = false } = options;
  const { kd = 1, follow = 1, reverse = 1, labels = 0, direct = 0 } = options;
  const { temperature = 1, classes = "softmax", boxes = "l1", over = "all" } = options;
  const { background, beta } = options;
  const distance = { temperature, classes, background, boxes, beta, over };
  if (copied && backbone === "student") {
    throw new Failure(
      2,
      "shake: a copy of the teacher's head looks at the teacher's pyramid: leave `copied` or " +
        "`backbone` out",
    );
  }
  const weights = { kd, follow, reverse, labels, direct };
  checkRanges("shake", { temperature, beta, ...weights }, {
    temperature: above(0),
    beta: atLeast(0),
    kd: atLeast(0),
    follow: atLeast(0),
    reverse: atLeast(0),
    labels: atLeast(0),
    direct: atLeast(0),
  });
  return {
    id: "shake",
    options: {
      backbone,
      regions: by,
      copied,
      ...weights,
      temperature,
      classes,
      boxes,
      over,
      ...background !== undefined && { background },
      ...beta !== undefined && { beta },
    },
    paper:
      "Shadow Knowledge Distillation: Bridging Offline and Online Knowledge Transfer. Li, Jin, 2022. NeurIPS",
    build({ create, student: learner, teacher: master }) {
      const { headLoss } = learner.recipe.detecting;
      const shadow = create.head(backbone === "teacher" ? master : learner, "box", { copied });
      return ({ student, teacher, task, regionsOf, live }) => {
        const own = regionsOf(student);
        const regions = by === "student" ? own : regionsOf(teacher);
        const [batch] = regions.boxes.shape;
        const s = by === "student" ? own.output : lookAt(student, regions.boxes);
        const pooled = poolRegions(backbone === "teacher" ? teacher : student, regions.boxes);
        const h = splitRegions(shadow(pooled, live), batch, student.classes);
        const t = backbone === "teacher"
          ? splitRegions(teacher.head("box", pooled), batch, teacher.classes)
          : lookAt(teacher, regions.boxes);
        return {
          task: [1, task(student), "task"],
          ...pair("shadow", kd, () => distilRegions(s, h, regions, distance)),
          ...pair("follow", follow, () => distilRegions(h, t, regions, distance)),
          ...pair("reverse", reverse, () => distilRegions(h, s, regions, distance)),
          ...pair(
            "labels",
            labels,
            () => fastRcnnLoss(h.logits, h.deltas, regions, headLoss),
            "task",
          ),
          ...pair("direct", direct, () => distilRegions(s, t, regions, distance)),
        };
      };
    },
  };
}

/** The terms of classes and boxes with this weight. None if it is 0. */
function pair(name: string, weight: number, loss: () => DetectionLoss, role?: Role): Terms {
  if (weight === 0) return {};
  const { classes, boxes } = loss();
  return { [name]: [weight, classes, role], [`${name}_boxes`]: [weight, boxes, role] };
}
