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

export * from "./lib/distillers/ab.ts";
export * from "./lib/distillers/aekd.ts";
export * from "./lib/distillers/at.ts";
export * from "./lib/distillers/atkd.ts";
export * from "./lib/distillers/aver.ts";
export * from "./lib/distillers/camkd.ts";
export * from "./lib/distillers/cc.ts";
export * from "./lib/distillers/combine.ts";
export { crd, type CrdOptions } from "./lib/distillers/crd.ts";
export * from "./lib/distillers/dfgkd.ts";
export * from "./lib/distillers/dgkd.ts";
export * from "./lib/distillers/dist.ts";
export * from "./lib/distillers/dkd.ts";
export * from "./lib/distillers/dml.ts";
export * from "./lib/distillers/dml_dagger.ts";
export * from "./lib/distillers/ebkd.ts";
export * from "./lib/distillers/eskd.ts";
export * from "./lib/distillers/fitnets.ts";
export * from "./lib/distillers/fsp.ts";
export * from "./lib/distillers/ft.ts";
export * from "./lib/distillers/kd.ts";
export * from "./lib/distillers/kd_dagger.ts";
export * from "./lib/distillers/kdsvd.ts";
export * from "./lib/distillers/mlkd.ts";
export * from "./lib/distillers/nst.ts";
export { ofd, type OfdOptions } from "./lib/distillers/ofd.ts";
export * from "./lib/distillers/one.ts";
export * from "./lib/distillers/pkt.ts";
export { reviewkd, type ReviewkdOptions } from "./lib/distillers/reviewkd.ts";
export * from "./lib/distillers/rkd.ts";
export { sakd, type SakdOptions } from "./lib/distillers/sakd.ts";
export * from "./lib/distillers/scratch.ts";
export * from "./lib/distillers/shake.ts";
export { slkd, type SlkdOptions } from "./lib/distillers/slkd.ts";
export * from "./lib/distillers/slkd_sequential.ts";
export * from "./lib/distillers/sp.ts";
export * from "./lib/distillers/takd.ts";
export * from "./lib/distillers/vid.ts";

export * from "./lib/networks/deep_resnet.ts";
export * as imagenet from "./lib/networks/imagenet.ts";
export * from "./lib/networks/mobilenet.ts";
export * from "./lib/networks/resnet.ts";
export * from "./lib/networks/shufflenet.ts";
export * from "./lib/networks/vgg.ts";
export * from "./lib/networks/wrn.ts";

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
