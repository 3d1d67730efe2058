import type { Spotted } from "../distiller.ts";
import { Failure } from "../failure.ts";
import { among, byDefault, conv, type Layer, norm, relu, seq, transposedConv } from "../layers.ts";
import type { Net } from "../network.ts";
import { masked, mse } from "../ops.ts";
import type { Shape } from "../variables.ts";

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
 * FitNets: Hints for Thin Deep Nets. Romero et al., 2015. arXiv:1412.6550. In one stage, as the tables' repositories
 * have it: L = ce · CE(s, y) + weight · mean((r(s_guided) − t_hint)²), r a learned regressor to the hint's shape.
 */
export function fitnets<const S extends string = "block2", const T extends string = "block2">(
  options: FitnetsOptions<S, T> = {},
): Spotted<Net<S | "logits">, Net<T>> {
  const { guided = "block2" as S, hint = "block2" as T, weight = 100, ce = 1 } = options;
  return {
    id: "fitnets",
    options: { guided, hint, weight, ce },
    paper: "FitNets: Hints for Thin Deep Nets. Romero et al., 2015. arXiv:1412.6550",
    spots: () => [[guided, hint]],
    build({ create, student, teacher }) {
      const from: Shape = student.shapes[guided], to: Shape = teacher.shapes[hint];
      const regress = create.in("regressor")(regressor(from, to), from);
      return ({ student, teacher, task, live, mask }) => {
        const given = mask(guided), regressed = regress(student.taps[guided], among(live, given));
        return { task: [ce, task(student), "task"], hint: [weight, masked(mse(regressed, teacher.taps[hint]), given)] };
      };
    },
  };
}

/**
 * A convolution, a norm and, unless it is not to be `rectified`, a ReLU from one map's shape to another's; transposed where
 * the map grows.
 */
export function regressor(from: Shape, to: Shape, rectified = true): Layer {
  const [side, , input] = from, [target, , channels] = to;
  if (from.length !== 3 || to.length !== 3 || from[0] !== from[1] || to[0] !== to[1]) {
    throw new Failure(
      2,
      `a regressor leads from one square map to another, not from [${from}] to [${to}]: choose other taps`,
    );
  }
  const convolution = (kernel: number, stride: number, padding: number) =>
    conv(channels, { kernel, stride, padding, bias: true, ...byDefault(kernel * kernel * input) });
  const scale = Math.floor(target / side);
  const layer = side === 2 * target
    ? convolution(3, 2, 1)
    : target === 2 * side
    ? transposedConv(channels, 4, 2, "doubling")
    : side >= target
    ? convolution(1 + side - target, 1, 0)
    : transposedConv(channels, target - scale * (side - 1), scale, "none");
  return rectified ? seq(layer, norm(), relu()) : seq(layer, norm());
}
