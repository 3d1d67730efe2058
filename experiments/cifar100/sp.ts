/** SP, as CRD's tables have it. */
import { experiment, sp } from "../../mod.ts";
import { each, slkdPairs } from "./pairs.ts";

export default each(slkdPairs, (pair) => experiment(import.meta, { ...pair, distiller: sp() }));
