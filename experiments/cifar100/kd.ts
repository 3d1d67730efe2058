/** KD with the weights 0.1 of the cross-entropy and 0.9 of the KL, and the temperature 4. */
import { experiment, kd } from "../../mod.ts";
import { allPairs, each } from "./pairs.ts";

export default each(allPairs, (pair) => experiment(import.meta, { ...pair, distiller: kd() }));
