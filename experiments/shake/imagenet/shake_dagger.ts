/** SHAKE† on ImageNet: two teachers of the same weight. The paper does not say which: the pair's teacher here, trained twice. */
import { ensemble, experiment, from, shake } from "../../../mod.ts";
import { pairs } from "../../imagenet/pairs.ts";
import { mapValues } from "../../map_values.ts";

export default mapValues(pairs, (pair) =>
  experiment(import.meta, {
    ...pair,
    teacher: ensemble(pair.teacher, from(pair.teacher.experiment, { seed: 2 })),
    distiller: shake(),
  }));
