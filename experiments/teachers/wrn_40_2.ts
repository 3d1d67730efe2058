/** WRN-40-2 on CIFAR-100, trained alone: the teacher of the papers' wide ResNets. */
import { cifar100 } from "../../datasets/cifar.ts";
import { experiment, scratch, wrn_40_2 } from "../../mod.ts";
import { schedule } from "../shared/cifar100.ts";

export default experiment(import.meta, {
  dataset: cifar100(),
  student: wrn_40_2,
  distiller: scratch(),
  schedule,
});
