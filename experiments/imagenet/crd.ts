/** CRD with its authors' settings. */
import { crd, experiment } from "../../mod.ts";
import { mapValues } from "../shared/map_values.ts";
import { pairs } from "./pairs.ts";

export default mapValues(pairs, (pair) => experiment(import.meta, { ...pair, distiller: crd() }));
