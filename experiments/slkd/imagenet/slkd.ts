/** SLKD on ImageNet, Tables 3 and 4, with the settings of Table 11. */
import { experiment, slkd } from "../../../mod.ts";
import { slkdSetup } from "../../shared/imagenet.ts";
import { pairs } from "../../imagenet/pairs.ts";
import { mapValues } from "../../shared/map_values.ts";

export default mapValues(
  pairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      ...slkdSetup,
      distiller: slkd({ temperature: 1, ce: 0.5 }),
    }),
);
