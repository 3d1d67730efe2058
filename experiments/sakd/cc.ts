/** CC with KD's term at fixed spots, a baseline of SAKD. */
import { cc, experiment } from "../../mod.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair) => experiment(import.meta, { ...pair, distiller: cc({ kd: 1 }) }),
);
