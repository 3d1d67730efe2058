/**
 * Retort: knowledge-distillation experiments as typed code.
 *
 * @module
 */
export * from "./lib/ablation.ts";
export * from "./lib/ensemble.ts";
export * from "./lib/experiment.ts";
export {
  sweep,
  type SweepDraw,
  type SweepGrid,
  type SweepMethod,
  type SweepOptions,
  type SweepPoint,
  type SweepRange,
  type SweepSpace,
  type SweepValue,
  type SweepValues,
} from "./lib/sweep.ts";
export * from "./lib/table.ts";
export * from "./lib/weights.ts";

export * from "./lib/distillers/mod.ts";
export * from "./lib/networks/mod.ts";

export * from "./lib/optimizers/sgd.ts";

export * from "./lib/rates.ts";
export * from "./lib/schedule.ts";
export * from "./lib/dataset.ts";
export { cutmix, type MixOptions, mixup } from "./lib/mix.ts";
export * from "./lib/distiller.ts";
export * from "./lib/network.ts";
export * from "./lib/layers.ts";
export * from "./lib/ops.ts";
export * from "./lib/variables.ts";
export * from "./lib/tail.ts";
export * from "./lib/tap_pairs.ts";
export { adaptivePool, toSmaller } from "./lib/kernels/adaptive_pool.ts";
export type { Random } from "./lib/kernels/random_uniform.ts";
export type { Tensor } from "./lib/tensor.ts";
export type { Json } from "./lib/json.ts";
export { Failure } from "./lib/failure.ts";
