/** ResNet-56 on CIFAR-100, trained alone: a teacher of the papers' thin ResNets. */
import { cifar100 } from "../../datasets/cifar.ts";
import { experiment, resnet56, scratch } from "../../mod.ts";
import { schedule } from "../shared/cifar100.ts";

export default experiment(import.meta, {
  dataset: cifar100(),
  student: resnet56,
  distiller: scratch(),
  schedule,
});
