/**
 * CRD with KD's term, as in CRD's tables, and as in all methods of SAKD. SHAKE does not state the
 * weights.
 */
import { crd, experiment } from "../../mod.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  [...shakePairs, "resnet110_resnet32", "resnet32x4_resnet32"],
  (pair) => experiment(import.meta, { ...pair, distiller: crd({ kd: 1 }) }),
);
