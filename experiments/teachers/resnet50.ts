/** ResNet-50 on CIFAR-100, trained alone: a teacher of MobileNetV2 and VGG-8. */
import { cifar100 } from "../../datasets/cifar.ts";
import { experiment, resnet50, scratch } from "../../mod.ts";
import { schedule } from "../shared/cifar100.ts";

export default experiment(import.meta, {
  dataset: cifar100(),
  student: resnet50,
  distiller: scratch(),
  schedule,
});
