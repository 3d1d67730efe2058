/** SHAKE on ImageNet, with the settings for CIFAR-100. */
import { experiment, shake } from "../../../mod.ts";
import { pairs } from "../../imagenet/pairs.ts";
import { mapValues } from "../../shared/map_values.ts";

export default mapValues(pairs, (pair) => experiment(import.meta, { ...pair, distiller: shake() }));
