/** SP at the spots that SAKD's policy selects. */
import { experiment, sakd, sp } from "../../mod.ts";
import { each, isHomogeneous, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair, name) =>
    experiment(import.meta, {
      ...pair,
      distiller: sakd(sp(), { homogeneous: isHomogeneous(name) }),
    }),
);
