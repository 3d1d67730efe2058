/** AT, with the settings of CRD's tables. */
import { at, experiment } from "../../mod.ts";
import { each, slkdPairs } from "./pairs.ts";

export default each(slkdPairs, (pair) => experiment(import.meta, { ...pair, distiller: at() }));
