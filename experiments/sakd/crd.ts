/**
 * CRD, KD's term beside it, with MobileNetV2 of full width; the other pairs are SHAKE's KD+CRD as
 * well, `kd_crd.ts`.
 */
import { crd, experiment } from "../../mod.ts";
import { each, mobilePairs } from "./pairs.ts";

export default each(
  mobilePairs,
  (pair) => experiment(import.meta, { ...pair, distiller: crd({ kd: 1 }) }),
);
