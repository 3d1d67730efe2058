/**
 * FitNets, its hint weighed 1, at fixed spots, KD's term beside it: what SAKD compares itself with.
 */
import { combine, experiment, fitnets, kd } from "../../mod.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      distiller: combine(kd({ ce: 1, kd: 1 }), fitnets({ weight: 1 })),
    }),
);
