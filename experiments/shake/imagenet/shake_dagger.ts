/**
 * SHAKE† on ImageNet: two teachers of the same weight. The paper does not say which: the pair's
 * teacher here, trained twice.
 */
import { experiment, shake } from "../../../mod.ts";
import { pairs } from "../../imagenet/pairs.ts";
import { mapValues } from "../../shared/map_values.ts";
import { twice } from "../../shared/twice.ts";

export default mapValues(pairs, (pair) =>
  experiment(import.meta, {
    ...pair,
    teacher: twice(pair.teacher),
    distiller: shake(),
  }));
