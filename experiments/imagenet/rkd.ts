/** RKD. SHAKE's supplement uses the settings of each method's own paper. Here: those for CIFAR. */
import { experiment, rkd } from "../../mod.ts";
import { pairs } from "./pairs.ts";

export default {
  resnet50_mobilenetv1: experiment(import.meta, {
    ...pairs.resnet50_mobilenetv1,
    distiller: rkd(),
  }),
};
