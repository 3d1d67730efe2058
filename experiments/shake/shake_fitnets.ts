/**
 * SHAKE with FitNets' hint beside it. The paper does not say the weights: both have their own here.
 */
import { combine, experiment, fitnets, shake } from "../../mod.ts";
import { each, shakePairs } from "../cifar100/pairs.ts";

export default each(
  shakePairs,
  (pair) => experiment(import.meta, { ...pair, distiller: combine(shake(), fitnets()) }),
);
