/** SHAKE on the pairs of its table, of its figure 4 and of its published logs. */
import { experiment, shake } from "../../mod.ts";
import { each, figure4Pairs, shakePairs } from "../cifar100/pairs.ts";

export default each(
  [...shakePairs, ...figure4Pairs, "resnet32x4_shufflenetv1"],
  (pair) => experiment(import.meta, { ...pair, distiller: shake() }),
);
