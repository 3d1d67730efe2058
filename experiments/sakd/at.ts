/** AT with KD's term at fixed spots, a baseline of SAKD. */
import { at, experiment } from "../../mod.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair) => experiment(import.meta, { ...pair, distiller: at({ kd: 1 }) }),
);
