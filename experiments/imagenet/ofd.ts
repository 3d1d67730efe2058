/** OFD with its authors' weight for ImageNet. */
import { experiment, ofd } from "../../mod.ts";
import { pairs } from "./pairs.ts";

export default {
  resnet50_mobilenetv1: experiment(import.meta, {
    ...pairs.resnet50_mobilenetv1,
    distiller: ofd({ weight: 1e-4 }),
  }),
};
