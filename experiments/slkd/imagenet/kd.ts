/**
 * KD with the settings of SLKD's Table 11: the weights 1/2 of the cross-entropy and 1/2 of the KL,
 * and the temperature 1.
 */
import { experiment, kd } from "../../../mod.ts";
import { slkdSetup } from "../../shared/imagenet.ts";
import { pairs } from "../../imagenet/pairs.ts";
import { mapValues } from "../../shared/map_values.ts";

export default mapValues(
  pairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      ...slkdSetup,
      distiller: kd({ temperature: 1, ce: 0.5, kd: 0.5 }),
    }),
);
