/**
 * CRD with KD's term beside it, as CRD's tables have it and SAKD all of its methods. SHAKE does not
 * say the weights.
 */
import { crd, experiment } from "../../mod.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  [...shakePairs, "resnet110_resnet32", "resnet32x4_resnet32"],
  (pair) => experiment(import.meta, { ...pair, distiller: crd({ kd: 1 }) }),
);
