/** SLKD on the paper's pairs, except VGG-13 and VGG-8, which is in `vgg13_vgg8.ts`. */
import { experiment, slkd } from "../../mod.ts";
import { each, growingPairs, slkdPairs } from "../cifar100/pairs.ts";

export default each(
  [...slkdPairs.filter((name) => name !== "vgg13_vgg8"), ...growingPairs],
  (pair) => experiment(import.meta, { ...pair, distiller: slkd() }),
);
