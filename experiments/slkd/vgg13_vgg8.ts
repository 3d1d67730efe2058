/** SLKD, Table 1: VGG-13 teaches VGG-8, with two self-learning teachers. */
import { cifar100 } from "../../datasets/cifar.ts";
import { experiment, from, slkd, vgg8 } from "../../mod.ts";
import { schedule } from "../shared/cifar100.ts";
import vgg13 from "../teachers/vgg13.ts";

export default experiment(import.meta, {
  dataset: cifar100(),
  teacher: from(vgg13),
  student: vgg8,
  distiller: slkd(),
  schedule,
});
