/** ResNet-20 teaches ResNet-8 on CIFAR-10 by SLKD, with two self-learning teachers. */
import { experiment, from, resnet8, slkd } from "../../mod.ts";
import { dataset, schedule } from "../shared/cifar10.ts";
import resnet20 from "./resnet20.ts";

export default experiment(import.meta, {
  dataset,
  teacher: from(resnet20),
  student: resnet8,
  distiller: slkd(),
  schedule,
});
