/**
 * The papers' students on CIFAR-100, trained alone. Students that also teach are in
 * `experiments/teachers/`.
 */
import { cifar100 } from "../../datasets/cifar.ts";
import {
  experiment,
  mobilenetv2,
  resnet20,
  resnet8,
  resnet8x4,
  type Scorer,
  scratch,
  shufflenetv1,
  shufflenetv2,
  vgg11,
  vgg8,
  wrn_16_2,
  wrn_40_1,
} from "../../mod.ts";
import { scheduleOf } from "../shared/cifar100.ts";

const alone = <S extends Scorer>(student: S) =>
  experiment(import.meta, {
    dataset: cifar100(),
    student,
    distiller: scratch(),
    schedule: scheduleOf(student),
  });

export default {
  resnet8: alone(resnet8),
  resnet20: alone(resnet20),
  resnet8x4: alone(resnet8x4),
  wrn_16_2: alone(wrn_16_2),
  wrn_40_1: alone(wrn_40_1),
  vgg8: alone(vgg8),
  vgg11: alone(vgg11),
  mobilenetv2: alone(mobilenetv2()),
  shufflenetv1: alone(shufflenetv1),
  shufflenetv2: alone(shufflenetv2),
};
