/** VID with KD's term at fixed spots, a baseline of SAKD. */
import { experiment, vid } from "../../mod.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair) => experiment(import.meta, { ...pair, distiller: vid({ kd: 1 }) }),
);
