/**
 * Every distillation method, and the parts of methods that other methods can use.
 *
 * @module
 */
export * from "./ab.ts";
export * from "./aekd.ts";
export * from "./at.ts";
export * from "./atkd.ts";
export * from "./aver.ts";
export * from "./camkd.ts";
export * from "./cc.ts";
export { combine } from "./combine.ts";
export { crd, type CrdOptions } from "./crd.ts";
export * from "./ctkd.ts";
export * from "./deit.ts";
export * from "./dfgkd.ts";
export * from "./dgkd.ts";
export * from "./dist.ts";
export * from "./dkd.ts";
export * from "./dkd_on_regions.ts";
export * from "./dml.ts";
export * from "./dml_dagger.ts";
export * from "./ebkd.ts";
export * from "./eskd.ts";
export * from "./fitnets.ts";
export * from "./fsp.ts";
export { ft, ftInit, type FtInitOptions, type FtOptions } from "./ft.ts";
export * from "./kd.ts";
export * from "./kd_dagger.ts";
export * from "./kd_on_regions.ts";
export * from "./kdsvd.ts";
export * from "./mlkd.ts";
export * from "./nkd.ts";
export * from "./nst.ts";
export { ofd, type OfdOptions } from "./ofd.ts";
export * from "./one.ts";
export * from "./pkt.ts";
export { reviewkd, type ReviewkdOptions } from "./reviewkd.ts";
export * from "./rkd.ts";
export { sakd, type SakdOptions } from "./sakd.ts";
export * from "./scratch.ts";
export * from "./shake.ts";
export * from "./shake_on_regions.ts";
export { slkd, type SlkdOptions } from "./slkd.ts";
export * from "./simkd.ts";
export * from "./slkd_sequential.ts";
export * from "./sp.ts";
export * from "./srrl.ts";
export * from "./takd.ts";
export * from "./vid.ts";
export * from "./wsld.ts";

export type { AlsoKdOptions } from "./parts/also_kd.ts";
export { attentionMap } from "./parts/attention_map.ts";
export { type RegionLossOptions } from "./parts/distil_regions.ts";
export { regressor } from "./parts/regressor.ts";
export { bothLogits, type TwoHeaded } from "./parts/two_heads.ts";
export { weighByGradients, type WeighingOptions } from "./parts/weigh_by_gradients.ts";
