/** VID at fixed spots, KD's term beside it: what SAKD compares itself with. */
import { experiment, vid } from "../../mod.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair) => experiment(import.meta, { ...pair, distiller: vid({ kd: 1 }) }),
);
