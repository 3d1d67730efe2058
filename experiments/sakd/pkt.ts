/** PKT with KD's term at fixed spots, a baseline of SAKD. */
import { experiment, pkt } from "../../mod.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair) => experiment(import.meta, { ...pair, distiller: pkt({ kd: 1 }) }),
);
