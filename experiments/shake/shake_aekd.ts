/**
 * SHAKE with two teachers, weighted by their gradients as in AE-KD. The paper does not name them.
 * Here: the pair's teacher, trained twice.
 */
import { experiment, shake } from "../../mod.ts";
import { each, shakePairs } from "../cifar100/pairs.ts";
import { withSecondSeed } from "../shared/with_second_seed.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      teacher: withSecondSeed(pair.teacher),
      distiller: shake({ weights: "adaptive" }),
    }),
);
