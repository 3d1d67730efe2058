/**
 * SHAKE with two teachers of equal weight. The paper does not name them. Here: the pair's teacher,
 * trained twice.
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
