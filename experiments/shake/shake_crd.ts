/**
 * SHAKE combined with CRD's contrastive term. The paper does not state the weights. Here: each
 * method's own.
 */
import { combine, crd, experiment, shake } from "../../mod.ts";
import { each, shakePairs } from "../cifar100/pairs.ts";

export default each(
  shakePairs,
  (pair) => experiment(import.meta, { ...pair, distiller: combine(shake(), crd()) }),
);
