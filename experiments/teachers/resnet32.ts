/**
 * ResNet-32 on CIFAR-100, trained alone: a student of SAKD's pairs and the smallest teacher of
 * SHAKE's figure 4.
 */
import { cifar100 } from "../../datasets/cifar.ts";
import { experiment, resnet32, scratch } from "../../mod.ts";
import { schedule } from "../shared/cifar100.ts";

export default experiment(import.meta, {
  dataset: cifar100(),
  student: resnet32,
  distiller: scratch(),
  schedule,
});
