/**
 * The teachers and the students of SAKD's table on Tiny-ImageNet, each trained alone. MobileNetV2
 * has its full width.
 */
import { tinyImagenet } from "../../datasets/tiny_imagenet.ts";
import {
  experiment,
  mobilenetv2,
  resnet110,
  resnet20,
  resnet56,
  type Scorer,
  scratch,
  vgg13,
  vgg8,
  wrn_16_2,
  wrn_40_2,
} from "../../mod.ts";
import { scheduleOf } from "../shared/cifar100.ts";

const alone = <S extends Scorer>(student: S) =>
  experiment(import.meta, {
    dataset: tinyImagenet(),
    student,
    distiller: scratch(),
    schedule: scheduleOf(student),
  });

export default {
  resnet56: alone(resnet56),
  resnet110: alone(resnet110),
  vgg13: alone(vgg13),
  wrn_40_2: alone(wrn_40_2),
  resnet20: alone(resnet20),
  vgg8: alone(vgg8),
  wrn_16_2: alone(wrn_16_2),
  mobilenetv2: alone(mobilenetv2({ width: 1 })),
};
