/** SLKD, Table 7: the student learns from the teacher and from one self-learning teacher. */
import { experiment, slkd } from "../../mod.ts";
import { each } from "../cifar100/pairs.ts";

export default each(
  ["resnet32x4_resnet8x4", "vgg13_mobilenetv2"],
  (pair) => experiment(import.meta, { ...pair, distiller: slkd({ copies: 1 }) }),
);
