import type { Tensor } from "../kernels/tensor.ts";
import { unfused } from "../kernels/unfused.ts";
import type { Layer, Norm } from "./layer.ts";
import type { Pass } from "./pass.ts";
import type { Shape, Variable, Variables } from "./variables.ts";

/** What a stage computes from a batch. */
export interface StageOutput {
  /** The stage's output: the tap. */
  readonly out: Tensor;
  /**
   * The same before its last ReLU (pre-activation networks: after the norm that follows); `out`
   * where there is neither.
   */
  readonly pre: Tensor;
  /** What the next stage takes where that is not `out`. */
  readonly next?: Tensor;
}

/** A stage that has its variables. */
export interface StageModule {
  (x: Tensor, pass: Pass): StageOutput;
  /** The tap's shape for one sample. */
  readonly shape: Shape;
  /** Multiply-adds for one sample. */
  readonly multiplyAdds: number;
  /** The norm that `pre` comes from, or its main branch; absent where there is none. */
  readonly norm?: Norm;
  /**
   * Those of its variables that the next stage opens with, since only `pre` needs them; none where
   * absent.
   */
  readonly opening?: readonly Variable[];
  /** What the next stage takes, made of the stage's output, where that is not the output itself. */
  readonly hand?: (out: Tensor, pass: Pass) => Tensor;
}

/** A stage as it is described. */
export type Stage = (create: Variables, input: Shape) => StageModule;

/**
 * What other implementations call a convolution or dense layer, and the batch norm behind it; a
 * norm on its own is a layer.
 */
export type LayerNames = readonly [layer: string, norm?: string];

/**
 * A stage of a body and the activation that ends it: `pre` is the body's output, `out` the
 * activation's.
 */
export function stage(body: Layer, activation?: Layer): Stage {
  return (create, input) => {
    const main = body(create, input);
    const last = activation?.(create.in("activation"), main.shape);
    const run = (x: Tensor, pass: Pass): StageOutput => {
      const pre = pass.training || !last ? main(x, pass) : unfused(main(x, pass));
      return { pre, out: last ? last(pre, pass) : pre };
    };
    return Object.assign(run, {
      shape: main.shape,
      multiplyAdds: main.multiplyAdds,
      norm: main.norm,
    });
  };
}
