/**
 * Retort: knowledge-distillation experiments as typed code.
 *
 * @module
 */
export * from "./lib/experiment/ablation.ts";
export * from "./lib/experiment/experiment.ts";
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
} from "./lib/experiment/sweep.ts";
export * from "./lib/experiment/tables.ts";
export * from "./lib/experiment/weights.ts";

export * from "./lib/distillers/mod.ts";
export * from "./lib/networks/mod.ts";

export * from "./lib/optimizers/sgd.ts";

export * from "./lib/experiment/rates.ts";
export * from "./lib/experiment/schedule.ts";
export * from "./lib/data/dataset.ts";
export { cutmix, type MixOptions, mixup } from "./lib/data/mix.ts";
export * from "./lib/experiment/distiller.ts";
export * from "./lib/nn/network.ts";
export * from "./lib/nn/layers.ts";
export * from "./lib/nn/conv.ts";
export * from "./lib/nn/layer.ts";
export * from "./lib/nn/norm.ts";
export * from "./lib/nn/pass.ts";
export * from "./lib/nn/stage.ts";
export * from "./lib/nn/ops.ts";
export * from "./lib/nn/variables.ts";
export * from "./lib/nn/tail.ts";
export * from "./lib/nn/tap_pairs.ts";
export { adaptivePool, toSmaller } from "./lib/kernels/adaptive_pool.ts";
export type { Random } from "./lib/kernels/random_uniform.ts";
export type { Tensor } from "./lib/kernels/tensor.ts";
export type { Json } from "./lib/values/json.ts";
export { Failure } from "./lib/values/failure.ts";
