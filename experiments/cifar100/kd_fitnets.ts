/**
 * KD combined with FitNets' hint. SHAKE does not state the weights. Here: 1 for the cross-entropy
 * and 1 for the KL, as CRD's scripts combine them.
 */
import { combine, experiment, fitnets, kd } from "../../mod.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, { ...pair, distiller: combine(kd({ ce: 1, kd: 1 }), fitnets()) }),
);
