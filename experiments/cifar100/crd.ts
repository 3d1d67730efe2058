/** CRD, as its own tables have it. */
import { crd, experiment } from "../../mod.ts";
import { each, slkdPairs } from "./pairs.ts";

export default each(slkdPairs, (pair) => experiment(import.meta, { ...pair, distiller: crd() }));
