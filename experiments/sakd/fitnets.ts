/** FitNets with KD's term at fixed spots and the weight 1 of the hint, a baseline of SAKD. */
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
