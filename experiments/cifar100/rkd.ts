/** RKD, with the settings of CRD's tables. */
import { experiment, rkd } from "../../mod.ts";
import { each, slkdPairs } from "./pairs.ts";

export default each(slkdPairs, (pair) => experiment(import.meta, { ...pair, distiller: rkd() }));
