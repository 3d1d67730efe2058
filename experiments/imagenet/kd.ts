/**
 * KD for SHAKE's ImageNet tables. SHAKE's supplement uses the settings of each method's own paper.
 * KD's paper has none for ImageNet, so these are the settings for CIFAR.
 */
import { experiment, kd } from "../../mod.ts";
import { mapValues } from "../shared/map_values.ts";
import { pairs } from "./pairs.ts";

export default mapValues(pairs, (pair) => experiment(import.meta, { ...pair, distiller: kd() }));
