/** The pairs of SHAKE's, SLKD's and SAKD's tables on CIFAR-100. */
import { cifar100 } from "../../datasets/cifar.ts";
import {
  type Classifier,
  type Dataset,
  type Experiment,
  from,
  mobilenetv2,
  resnet20,
  resnet32,
  resnet8,
  resnet8x4,
  type Schedule,
  shufflenetv1,
  shufflenetv2,
  type Trained,
  vgg11,
  vgg8,
  wrn_16_2,
  wrn_40_1,
} from "../../mod.ts";
import { scheduleOf } from "../shared/cifar100.ts";
import resnet110 from "../teachers/resnet110.ts";
import resnet32Trained from "../teachers/resnet32.ts";
import resnet32x4 from "../teachers/resnet32x4.ts";
import resnet44 from "../teachers/resnet44.ts";
import resnet50 from "../teachers/resnet50.ts";
import resnet56 from "../teachers/resnet56.ts";
import vgg13 from "../teachers/vgg13.ts";
import wrn_40_2 from "../teachers/wrn_40_2.ts";

/** The type of all networks of the tables: at least a stem and three blocks. */
export type Learner = Classifier<"stem" | "block1" | "block2" | "block3">;

/** The parts that all experiments of a pair share. */
export interface Pair {
  readonly dataset: Dataset;
  readonly teacher: Trained<Learner>;
  readonly student: Learner;
  /** The student's schedule. */
  readonly schedule: Schedule;
}

/**
 * Makes a pair of a teacher and a student with the student's schedule. Default of `dataset`:
 * CIFAR-100.
 */
export function pair(
  teacher: Experiment<Learner>,
  student: Learner,
  dataset: Dataset = cifar100(),
): Pair {
  return { dataset, teacher: from(teacher), student, schedule: scheduleOf(student) };
}

/** All pairs, by the names of their columns. */
export const pairs = {
  resnet32_resnet20: pair(resnet32Trained, resnet20),
  resnet44_resnet20: pair(resnet44, resnet20),
  resnet56_resnet8: pair(resnet56, resnet8),
  resnet56_resnet20: pair(resnet56, resnet20),
  resnet110_resnet20: pair(resnet110, resnet20),
  resnet110_resnet32: pair(resnet110, resnet32),
  resnet110_wrn_16_2: pair(resnet110, wrn_16_2),
  resnet32x4_resnet8x4: pair(resnet32x4, resnet8x4),
  resnet32x4_resnet20: pair(resnet32x4, resnet20),
  resnet32x4_resnet32: pair(resnet32x4, resnet32),
  resnet32x4_wrn_16_2: pair(resnet32x4, wrn_16_2),
  resnet32x4_shufflenetv1: pair(resnet32x4, shufflenetv1),
  resnet32x4_shufflenetv2: pair(resnet32x4, shufflenetv2),
  resnet50_resnet20: pair(resnet50, resnet20),
  resnet50_vgg8: pair(resnet50, vgg8),
  resnet50_mobilenetv2: pair(resnet50, mobilenetv2()),
  wrn_40_2_wrn_16_2: pair(wrn_40_2, wrn_16_2),
  wrn_40_2_wrn_40_1: pair(wrn_40_2, wrn_40_1),
  wrn_40_2_shufflenetv1: pair(wrn_40_2, shufflenetv1),
  vgg13_vgg8: pair(vgg13, vgg8),
  vgg13_vgg11: pair(vgg13, vgg11),
  vgg13_mobilenetv2: pair(vgg13, mobilenetv2()),
  vgg13_wrn_16_2: pair(vgg13, wrn_16_2),
} as const;

/** The name of a pair: teacher and student, joined by `_`. */
export type PairName = keyof typeof pairs;

/** The names of all pairs. */
export const allPairs = Object.keys(pairs) as readonly PairName[];

/** The pairs of SHAKE's table. */
export const shakePairs = [
  "wrn_40_2_wrn_16_2",
  "resnet56_resnet20",
  "resnet110_resnet20",
  "resnet32x4_resnet8x4",
  "vgg13_vgg8",
  "vgg13_mobilenetv2",
  "resnet50_vgg8",
  "wrn_40_2_shufflenetv1",
] as const satisfies readonly PairName[];

/** The pairs of SHAKE's figure 4 that are not in its table: ResNet-20 with further teachers. */
export const figure4Pairs = [
  "resnet32_resnet20",
  "resnet44_resnet20",
] as const satisfies readonly PairName[];

/** The pairs of SLKD's tables 1 and 2. */
export const slkdPairs = [
  "resnet32x4_resnet8x4",
  "resnet56_resnet8",
  "wrn_40_2_wrn_40_1",
  "wrn_40_2_wrn_16_2",
  "vgg13_vgg11",
  "vgg13_vgg8",
  "resnet32x4_shufflenetv2",
  "resnet32x4_shufflenetv1",
  "resnet50_mobilenetv2",
  "vgg13_mobilenetv2",
  "wrn_40_2_shufflenetv1",
] as const satisfies readonly PairName[];

/**
 * The pairs of SLKD's tables 5 and 6 that are in none of its other tables: one student with
 * increasingly large teachers.
 */
export const growingPairs = [
  "resnet56_resnet20",
  "resnet110_resnet20",
  "resnet50_resnet20",
  "resnet32x4_resnet20",
  "resnet110_wrn_16_2",
  "vgg13_wrn_16_2",
  "resnet32x4_wrn_16_2",
] as const satisfies readonly PairName[];

/** Makes an experiment for each of these pairs, by the pair's name: a module's default export. */
export function each<const P extends PairName, E>(
  names: readonly P[],
  make: (pair: Pair, name: P) => E,
): { readonly [K in P]: E } {
  return Object.fromEntries(names.map((name) => [name, make(pairs[name], name)])) as {
    readonly [K in P]: E;
  };
}
