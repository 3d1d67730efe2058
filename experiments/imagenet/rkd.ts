/** RKD. SHAKE's supplement gives the other methods their own papers' settings; ours are CIFAR's. */
import { experiment, rkd } from "../../mod.ts";
import { pairs } from "./pairs.ts";

export default {
  resnet50_mobilenetv1: experiment(import.meta, {
    ...pairs.resnet50_mobilenetv1,
    distiller: rkd(),
  }),
};
