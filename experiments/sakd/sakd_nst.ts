/** NST at the spots that SAKD's policy selects. */
import { experiment, nst, sakd } from "../../mod.ts";
import { each, isHomogeneous, nstPairs, nstSchedule } from "./pairs.ts";

export default each(
  nstPairs,
  (pair, name) =>
    experiment(import.meta, {
      ...pair,
      distiller: sakd(nst(), { homogeneous: isHomogeneous(name) }),
      schedule: nstSchedule(name, pair),
    }),
);
