/**
 * KD for SHAKE's ImageNet tables. Its supplement gives the other methods their own papers'
 * settings; KD's paper has none for ImageNet: CIFAR's here.
 */
import { experiment, kd } from "../../mod.ts";
import { mapValues } from "../shared/map_values.ts";
import { pairs } from "./pairs.ts";

export default mapValues(pairs, (pair) => experiment(import.meta, { ...pair, distiller: kd() }));
