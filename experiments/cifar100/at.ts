/** AT, as CRD's tables have it. */
import { at, experiment } from "../../mod.ts";
import { each, slkdPairs } from "./pairs.ts";

export default each(slkdPairs, (pair) => experiment(import.meta, { ...pair, distiller: at() }));
