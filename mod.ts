/**
 * Retort: knowledge-distillation experiments as typed code.
 *
 * @module
 */

// Experiments.
export { ablation, type Change } from "./lib/experiment/ablation.ts";
export {
  ensemble,
  type Epoch,
  type Experiment,
  experiment,
  from,
  type FromOptions,
  type Parts,
  type SharedStage,
  startBody,
  type Started,
  type Teacher,
  type Trained,
} from "./lib/experiment/experiment.ts";
export {
  cosine,
  type CosineOptions,
  type IterationWarmup,
  type Rate,
  type RateOptions,
  steps,
  stepsByIteration,
  type StepsByIterationOptions,
  type StepsOptions,
  type Warmup,
} from "./lib/experiment/rates.ts";
export {
  type AroundUpdate,
  type OptimizerParts,
  type RunLength,
  type Schedule,
  schedule,
  type ScheduleOptions,
} from "./lib/experiment/schedule.ts";
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
export {
  type Experiments,
  type OwnTable,
  type OwnTables,
  type PaperCells,
  type PaperTables,
  type PrintedReference,
  tables,
} from "./lib/experiment/tables.ts";
export {
  type ExternalWeights,
  weights,
  type WeightsChoice,
  type WeightsFacts,
  type WeightsSource,
} from "./lib/experiment/weights.ts";
export type { Gradients, Optimizer, Roles } from "./lib/experiment/optimizer.ts";
export { adamw, type AdamwOptions } from "./lib/optimizers/adamw.ts";
export { sgd, type SgdOptions } from "./lib/optimizers/sgd.ts";
export type {
  Augmentation,
  Dataset,
  DatasetOptions,
  DetectionDataset,
  Mix,
  Normalisation,
} from "./lib/data/dataset.ts";
export {
  type AutoAugment,
  autoAugment,
  type AutoAugmentOptions,
  type AutoAugmentPairs,
} from "./lib/data/auto_augment.ts";
export type { WarpFilter } from "./lib/data/bytes/warp.ts";
export {
  type ColourJitter,
  colourJitter,
  type ColourJitterOptions,
} from "./lib/data/colour_jitter.ts";
export {
  type FixMatchAugment,
  fixMatchAugment,
  type FixMatchAugmentOptions,
} from "./lib/data/fix_match_augment.ts";
export {
  type Box,
  cutmix,
  type MixOptions,
  mixup,
  mixupOrCutmix,
  type MixupOrCutmixOptions,
} from "./lib/data/mix.ts";
export type { Policy } from "./lib/data/policy.ts";
export { type RandAugment, randAugment, type RandAugmentOptions } from "./lib/data/rand_augment.ts";
export {
  type RandomErasing,
  randomErasing,
  type RandomErasingOptions,
} from "./lib/data/random_erasing.ts";

// Methods and networks.
export * from "./lib/distillers/mod.ts";
export * from "./lib/networks/mod.ts";

// What a method is made of.
export {
  type BuildContext,
  type Create,
  type Distiller,
  type EpochOption,
  type HardLabels,
  type Loss,
  type LossWithMemory,
  numberTerms,
  type Objects,
  type Role,
  type SeveralTeachers,
  type SpottedDistiller,
  type StepContext,
  type Teachers,
  type Term,
  type Terms,
  type TrainedModule,
  type Views,
} from "./lib/experiment/distiller.ts";
export * from "./lib/nn/ops.ts";
export { type Pass, passAmong } from "./lib/nn/pass.ts";
export { runAfter, runBehind, tail } from "./lib/nn/tail.ts";
export type { GivenNumbers, GivenTap, GivenTaps } from "./lib/evaluation/given_network.ts";
export {
  type GivenTeachers,
  type LossInputs,
  lossOn,
  type LossValues,
  type StudentInputs,
} from "./lib/evaluation/loss_on.ts";
export { lastMaps, type PairOptions, type TapPair, tapPairs } from "./lib/nn/tap_pairs.ts";
export type { Random } from "./lib/kernels/random_uniform.ts";
export type { Tensor } from "./lib/kernels/tensor.ts";
export { adaptivePool, toSmaller } from "./lib/kernels/adaptive_pool.ts";

// What a network is made of.
export {
  type Classifier,
  classifier,
  type Convolutional,
  type DesignSize,
  type Head,
  type Heads,
  lastMap,
  logitsOutput,
  type Model,
  type Net,
  type Output,
  type PassOutput,
  type ResizedImages,
  type Scorer,
  type SingleHead,
  type Stages,
  type Tap,
  variablesAfter,
} from "./lib/nn/network.ts";
export type { Anchors, Detecting, Detector, PyramidTap, Regions } from "./lib/nn/detector.ts";
export { averageSlots, type DetectionLossOptions } from "./lib/nn/detection_loss.ts";
export type { TargetOptions } from "./lib/nn/detection_targets.ts";
export type { DetectionOptions } from "./lib/nn/detections.ts";
export type { MatchOptions } from "./lib/nn/match_boxes.ts";
export type { ProposalOptions } from "./lib/nn/proposals.ts";
export type { SampleOptions } from "./lib/nn/sample_balanced.ts";
export { lookAt, type RegionOutput, type TrainedRegions } from "./lib/nn/two_stages.ts";
export {
  type Earlier,
  earlier,
  type LayerNames,
  type Stage,
  stage,
  type StageModule,
  type StageOutput,
} from "./lib/nn/stage.ts";
export { coarserLevel, pyramidLevel } from "./lib/nn/fpn.ts";
export { frozenConvNorm, type FrozenConvNormOptions } from "./lib/nn/frozen_norm.ts";
export { type Layer, type Module, module, type Norm } from "./lib/nn/layer.ts";
export * from "./lib/nn/layers.ts";
export {
  conv,
  convNorm,
  type ConvNormOptions,
  type ConvOptions,
  transposedConv,
} from "./lib/nn/conv.ts";
export { norm } from "./lib/nn/norm.ts";
export { layerNorm } from "./lib/nn/layer_norm.ts";
export { dropPath } from "./lib/nn/drop_path.ts";
export { type Attended, type AttentionModule, selfAttention } from "./lib/nn/attention.ts";
export {
  type Betas,
  constant,
  type Initialiser,
  normal,
  type ParamGroup,
  scalarVariable,
  type Shape,
  sizeOf,
  uniform,
  type Update,
  type Variable,
  type Variables,
} from "./lib/nn/variables.ts";

export { Failure } from "./lib/values/failure.ts";
export type { Json } from "./lib/values/json.ts";
export {
  above,
  atLeast,
  between,
  checkRanges,
  finite,
  type Range,
  whole,
} from "./lib/values/range.ts";
