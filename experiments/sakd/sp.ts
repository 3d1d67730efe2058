/** SP at fixed spots, KD's term beside it: what SAKD compares itself with. */
import { experiment, sp } from "../../mod.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair) => experiment(import.meta, { ...pair, distiller: sp({ kd: 1 }) }),
);
