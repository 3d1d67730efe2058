/**
 * SHAKE with two teachers of the same weight. The paper does not say which: the pair's teacher
 * here, trained twice.
 */
import { experiment, shake } from "../../mod.ts";
import { each, shakePairs } from "../cifar100/pairs.ts";
import { twice } from "../shared/twice.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      teacher: twice(pair.teacher),
      distiller: shake(),
    }),
);
