/** CRD, with the settings of its own tables. */
import { crd, experiment } from "../../mod.ts";
import { each, slkdPairs } from "./pairs.ts";

export default each(slkdPairs, (pair) => experiment(import.meta, { ...pair, distiller: crd() }));
