/**
 * KD with FitNets' hint beside it. SHAKE does not say the weights: all of the cross-entropy and of
 * the KL here, as CRD's scripts combine.
 */
import { combine, experiment, fitnets, kd } from "../../mod.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, { ...pair, distiller: combine(kd({ ce: 1, kd: 1 }), fitnets()) }),
);
