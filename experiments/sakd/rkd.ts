/** RKD at fixed spots, KD's term beside it: what SAKD compares itself with. */
import { experiment, rkd } from "../../mod.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair) => experiment(import.meta, { ...pair, distiller: rkd({ kd: 1 }) }),
);
