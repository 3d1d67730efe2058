/** SHAKE on the pairs of its table and of its figure 4. */
import { experiment, shake } from "../../mod.ts";
import { each, figure4Pairs, shakePairs } from "../cifar100/pairs.ts";

export default each(
  [...shakePairs, ...figure4Pairs],
  (pair) => experiment(import.meta, { ...pair, distiller: shake() }),
);
