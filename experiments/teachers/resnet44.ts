/** ResNet-44 on CIFAR-100, trained alone: a teacher of SHAKE's figure 4. */
import { cifar100 } from "../../datasets/cifar.ts";
import { experiment, resnet44, scratch } from "../../mod.ts";
import { schedule } from "../shared/cifar100.ts";

export default experiment(import.meta, {
  dataset: cifar100(),
  student: resnet44,
  distiller: scratch(),
  schedule,
});
