/** FitNets at the spots that SAKD's policy selects. */
import { experiment, fitnets, sakd } from "../../mod.ts";
import { each, isHomogeneous, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair, name) =>
    experiment(import.meta, {
      ...pair,
      distiller: sakd(fitnets({ weight: 1 }), { homogeneous: isHomogeneous(name) }),
    }),
);
