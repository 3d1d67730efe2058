/** RKD. SHAKE does not say its weights: CIFAR's here. */
import { experiment, rkd } from "../../mod.ts";
import { pairs } from "./pairs.ts";

export default {
  resnet50_mobilenetv1: experiment(import.meta, { ...pairs.resnet50_mobilenetv1, distiller: rkd() }),
};
