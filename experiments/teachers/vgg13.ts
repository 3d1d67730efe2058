/** VGG-13 on CIFAR-100, trained alone: the teacher of the papers' VGG pairs. */
import { cifar100 } from "../../datasets/cifar.ts";
import { experiment, scratch, vgg13 } from "../../mod.ts";
import { schedule } from "../shared/cifar100.ts";

export default experiment(import.meta, {
  dataset: cifar100(),
  student: vgg13,
  distiller: scratch(),
  schedule,
});
