/** ResNet-20 on CIFAR-10, trained alone: the teacher. */
import { experiment, resnet20, scratch } from "../../mod.ts";
import { dataset, schedule } from "../shared/cifar10.ts";

export default experiment(import.meta, {
  dataset,
  student: resnet20,
  distiller: scratch(),
  schedule,
});
