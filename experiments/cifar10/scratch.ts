/** ResNet-8 on CIFAR-10, trained alone: the baseline. */
import { experiment, resnet8, scratch } from "../../mod.ts";
import { dataset, schedule } from "../shared/cifar10.ts";

export default experiment(import.meta, {
  dataset,
  student: resnet8,
  distiller: scratch(),
  schedule,
});
