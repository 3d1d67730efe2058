import type { Tensor } from "../kernels/tensor.ts";
import { preventFusion } from "../kernels/prevent_fusion.ts";
import { Failure } from "../values/failure.ts";
import type { Layer, Norm } from "./layer.ts";
import type { Pass } from "./pass.ts";
import type { Shape, Variable, Variables } from "./variables.ts";

/** The output of a stage on a batch. */
export interface StageOutput {
  /** The stage's output: the tap. */
  readonly out: Tensor;
  /**
   * The output before the stage's last ReLU (in pre-activation networks: after the norm that
   * follows). `out` if there is neither.
   */
  readonly pre: Tensor;
  /** The next stage's input if it is not `out`. */
  readonly next?: Tensor;
}

/** Something of each earlier stage, by its tap: its output, or that output's shape for one sample. */
export type Earlier<T> = { readonly [tap: string]: T };

/**
 * What a stage reads of an earlier one, beside its input. Throws a `Failure` (exit 2) if there is no
 * such tap, as where a stage runs without the network before it.
 */
export function earlier<T>(taps: Earlier<T> | undefined, tap: string): T {
  if (taps && Object.hasOwn(taps, tap)) return taps[tap];
  throw new Failure(
    2,
    `a stage reads the tap ${tap}, which did not run before it: run the whole network`,
  );
}

/** A stage with its variables. */
export interface StageModule {
  /**
   * Runs the stage on its input, the `next` or `out` of the stage before. `taps`: the outputs of all
   * stages before, for a stage that reads more than its input (`earlier`).
   */
  (x: Tensor, pass: Pass, taps?: Earlier<Tensor>): StageOutput;
  /** The tap's shape for one sample. */
  readonly shape: Shape;
  /** The shape of the next stage's input for one sample. Default: the tap's. */
  readonly nextShape?: Shape;
  /** Whether the tap is a map, [height, width, channels]. Default: if it has three dimensions. */
  readonly isMap?: boolean;
  /** Multiply-adds for one sample. */
  readonly multiplyAdds: number;
  /** Those of them in products of two activations, as in attention. Default: 0. */
  readonly productMultiplyAdds?: number;
  /** The norm that `pre`, or its main branch, comes from. `undefined` if there is none. */
  readonly norm?: Norm;
  /**
   * The variables of this stage that belong to the next stage's parts, since only `pre` needs them
   * here. Default: none.
   */
  readonly opening?: readonly Variable[];
  /**
   * Computes the next stage's input from the stage's output, if they differ. A stage with a
   * `nextShape` may lack it: its output then is only a part of that input.
   */
  readonly hand?: (out: Tensor, pass: Pass) => Tensor;
}

/**
 * The recipe of a stage: makes its module from a scope of variables and the input's shape. `shapes`:
 * those of all earlier taps.
 */
export type Stage = (create: Variables, input: Shape, shapes?: Earlier<Shape>) => StageModule;

/**
 * The names in other implementations of a convolution or dense layer, and of the batch norm after
 * it. A norm on its own is a layer, and so is a variable that belongs to none.
 */
export type LayerNames = readonly [layer: string, norm?: string];

/**
 * A stage of a body and the activation at its end: `pre` is the body's output, `out` the
 * activation's.
 *
 * @example
 * ```ts
 * import { convNorm, relu, seq, stage } from "@retort/retort";
 *
 * export const block = stage(seq(convNorm(32, { stride: 2 }), relu(), convNorm(32)), relu());
 * ```
 */
export function stage(body: Layer, activation?: Layer): Stage {
  return (create, input) => {
    const main = body(create, input);
    const last = activation?.(create.in("activation"), main.shape);
    const run = (x: Tensor, pass: Pass): StageOutput => {
      const pre = pass.training || !last ? main(x, pass) : preventFusion(main(x, pass));
      return { pre, out: last ? last(pre, pass) : pre };
    };
    return Object.assign(run, {
      shape: main.shape,
      multiplyAdds: main.multiplyAdds,
      norm: main.norm,
    });
  };
}
