/**
 * The pairs of SAKD's tables on CIFAR-100. The networks are those of the released code. Its
 * MobileNetV2 has full width, although the paper copied the tables' teacher, student and KD rows
 * from RepDistiller, where it has half the width.
 */
import { mobilenetv2, type Schedule } from "../../mod.ts";
import { scheduleOf } from "../shared/cifar100.ts";
import { each as eachPair, type Pair, type PairName } from "../cifar100/pairs.ts";

/** The pairs of a teacher and a student of the same type. */
export const homogeneousPairs = [
  "resnet56_resnet20",
  "resnet110_resnet32",
  "resnet32x4_resnet8x4",
  "vgg13_vgg8",
  "wrn_40_2_wrn_16_2",
] as const satisfies readonly PairName[];

/** The pairs of a teacher and a student of different types. */
export const heterogeneousPairs = [
  "vgg13_mobilenetv2",
  "resnet50_mobilenetv2",
  "resnet50_vgg8",
  "resnet32x4_resnet32",
  "wrn_40_2_shufflenetv1",
] as const satisfies readonly PairName[];

/** All pairs of the tables. */
export const sakdPairs = [...homogeneousPairs, ...heterogeneousPairs] as const;

/** Whether the policy of a pair initially distils at every spot. */
export function isHomogeneous(name: PairName): boolean {
  return homogeneousPairs.some((one) => one === name);
}

/** The pairs with numbers for NST: all except ResNet-50 and VGG-8. */
export const nstPairs = sakdPairs.filter((name) => name !== "resnet50_vgg8");

/**
 * A pair's schedule with NST. For two pairs the released code has batches of 32, because of their
 * memory.
 */
export function nstSchedule(name: PairName, { student, schedule }: Pair): Schedule {
  return name === "resnet50_mobilenetv2" || name === "wrn_40_2_shufflenetv1"
    ? scheduleOf(student, 32)
    : schedule;
}

/** The pairs with MobileNetV2. */
export const mobilePairs = [
  "vgg13_mobilenetv2",
  "resnet50_mobilenetv2",
] as const satisfies readonly PairName[];

/** Makes an experiment for each of these pairs, by the pair's name: a module's default export. */
export function each<const P extends (typeof sakdPairs)[number], E>(
  names: readonly P[],
  make: (pair: Pair, name: P) => E,
): { readonly [K in P]: E } {
  return eachPair(names, ({ student, ...pair }, name) => {
    return make({
      ...pair,
      student: student.id === "mobilenetv2" ? mobilenetv2({ width: 1 }) : student,
    }, name);
  });
}
