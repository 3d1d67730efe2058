/** SHAKE with two teachers that count by their gradients, AE-KD. The paper does not say which: the pair's teacher here, trained twice. */
import { ensemble, experiment, from, shake } from "../../mod.ts";
import { each, shakePairs } from "../cifar100/pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      teacher: ensemble(pair.teacher, from(pair.teacher.experiment, { seed: 2 })),
      distiller: shake({ weights: "adaptive" }),
    }),
);
