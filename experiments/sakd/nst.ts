/** NST with KD's term at fixed spots, a baseline of SAKD. */
import { experiment, nst } from "../../mod.ts";
import { each, nstPairs, nstSchedule } from "./pairs.ts";

export default each(
  nstPairs,
  (pair, name) =>
    experiment(import.meta, {
      ...pair,
      distiller: nst({ kd: 1 }),
      schedule: nstSchedule(name, pair),
    }),
);
