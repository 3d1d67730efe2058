/**
 * CRD with KD's term, for MobileNetV2 of full width. The other pairs are the same as SHAKE's
 * KD+CRD: `kd_crd.ts`.
 */
import { crd, experiment } from "../../mod.ts";
import { each, mobilePairs } from "./pairs.ts";

export default each(
  mobilePairs,
  (pair) => experiment(import.meta, { ...pair, distiller: crd({ kd: 1 }) }),
);
