import type { SpottedDistiller } from "../experiment/distiller.ts";
import type { Net } from "../nn/network.ts";
import { applyMask, mse } from "../nn/ops.ts";
import { passAmong } from "../nn/pass.ts";
import type { Shape } from "../nn/variables.ts";
import { regressor } from "./parts/regressor.ts";
import { atLeast, checkRanges } from "../values/range.ts";

/** Options of `fitnets`. */
export interface FitnetsOptions<S extends string, T extends string> {
  /** The student's tap that the hint guides. Default: `block2`, the tables' second hint layer. */
  readonly guided?: S;
  /** The teacher's tap that is the hint. Default: `block2`. */
  readonly hint?: T;
  /** Weight of the hint. Default: 100 (RepDistiller, mdistiller; SAKD has 1). */
  readonly weight?: number;
  /** Weight of the cross-entropy. Default: 1. */
  readonly ce?: number;
}

/**
 * FitNets: Hints for Thin Deep Nets. Romero et al., 2015. arXiv:1412.6550. In one stage, as in the
 * tables' repositories: L = ce · CE(s, y) + weight · mean((r(s_guided) − t_hint)²), with r a
 * learned regressor to the hint's shape.
 *
 * @example
 * ```ts
 * import { experiment, fitnets, from, scratch, sgd, vgg13, vgg8 } from "@retort/retort";
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
 *   distiller: fitnets({ guided: "block3", hint: "block3" }),
 * });
 * ```
 */
export function fitnets<const S extends string = "block2", const T extends string = "block2">(
  options: FitnetsOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T>> {
  const { guided = "block2" as S, hint = "block2" as T, weight = 100, ce = 1 } = options;
  return {
    id: "fitnets",
    options: checkRanges("fitnets", { guided, hint, weight, ce }, {
      weight: atLeast(0),
      ce: atLeast(0),
    }),
    paper: "FitNets: Hints for Thin Deep Nets. Romero et al., 2015. arXiv:1412.6550",
    spots: () => [[guided, hint]],
    build({ create, student, teacher }) {
      const from: Shape = student.shapes[guided];
      const to: Shape = teacher.shapes[hint];
      const regress = create.in("regressor")(regressor(from, to), from);
      return ({ student, teacher, task, live, mask }) => {
        const spotMask = mask(guided);
        const prediction = regress(student.taps[guided], passAmong(live, spotMask));
        return {
          task: [ce, task(student), "task"],
          hint: [weight, applyMask(mse(prediction, teacher.taps[hint]), spotMask)],
        };
      };
    },
  };
}
