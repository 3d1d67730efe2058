/** KD as SHAKE's ImageNet tables have it. They say neither temperature nor weights: CIFAR's here. */
import { experiment, kd } from "../../mod.ts";
import { mapValues } from "../map_values.ts";
import { pairs } from "./pairs.ts";

export default mapValues(pairs, (pair) => experiment(import.meta, { ...pair, distiller: kd() }));
