/**
 * ResNet-32x4 on CIFAR-100, trained alone: the teacher of ResNet-8x4, of the ShuffleNets and of
 * others.
 */
import { cifar100 } from "../../datasets/cifar.ts";
import { experiment, resnet32x4, scratch } from "../../mod.ts";
import { schedule } from "../shared/cifar100.ts";

export default experiment(import.meta, {
  dataset: cifar100(),
  student: resnet32x4,
  distiller: scratch(),
  schedule,
});
