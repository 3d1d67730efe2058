import type { SpottedDistiller } from "../experiment/distiller.ts";
import type { Net } from "../nn/network.ts";
import { masked, mse } from "../nn/ops.ts";
import { passAmong } from "../nn/pass.ts";
import type { Shape } from "../nn/variables.ts";
import { regressor } from "./parts/regressor.ts";

/** What `fitnets` can be asked for. */
export interface FitnetsOptions<S extends string, T extends string> {
  /** The student's tap that is guided; `block2`, the tables' second hint layer. */
  readonly guided?: S;
  /** The teacher's tap that guides. */
  readonly hint?: T;
  /** Weight of the hint; 100 (RepDistiller, mdistiller; SAKD has 1). */
  readonly weight?: number;
  /** Weight of the cross-entropy; 1. */
  readonly ce?: number;
}

/**
 * FitNets: Hints for Thin Deep Nets. Romero et al., 2015. arXiv:1412.6550. In one stage, as the
 * tables' repositories have it: L = ce · CE(s, y) + weight · mean((r(s_guided) − t_hint)²), r a
 * learned regressor to the hint's shape.
 */
export function fitnets<const S extends string = "block2", const T extends string = "block2">(
  options: FitnetsOptions<S, T> = {},
): SpottedDistiller<Net<S | "logits">, Net<T>> {
  const { guided = "block2" as S, hint = "block2" as T, weight = 100, ce = 1 } = options;
  return {
    id: "fitnets",
    options: { guided, hint, weight, ce },
    paper: "FitNets: Hints for Thin Deep Nets. Romero et al., 2015. arXiv:1412.6550",
    spots: () => [[guided, hint]],
    build({ create, student, teacher }) {
      const from: Shape = student.shapes[guided];
      const to: Shape = teacher.shapes[hint];
      const regress = create.in("regressor")(regressor(from, to), from);
      return ({ student, teacher, task, live, mask }) => {
        const given = mask(guided);
        const regressed = regress(student.taps[guided], passAmong(live, given));
        return {
          task: [ce, task(student), "task"],
          hint: [weight, masked(mse(regressed, teacher.taps[hint]), given)],
        };
      };
    },
  };
}
