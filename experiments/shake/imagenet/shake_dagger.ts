/**
 * SHAKE† on ImageNet: two teachers of equal weight. The paper does not name them. Here: the pair's
 * teacher, trained twice.
 */
import { experiment, shake } from "../../../mod.ts";
import { pairs } from "../../imagenet/pairs.ts";
import { mapValues } from "../../shared/map_values.ts";
import { withSecondSeed } from "../../shared/with_second_seed.ts";

export default mapValues(pairs, (pair) =>
  experiment(import.meta, {
    ...pair,
    teacher: withSecondSeed(pair.teacher),
    distiller: shake(),
  }));
