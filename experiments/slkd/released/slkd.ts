/**
 * SLKD as in its authors' code: with the weight 1 of the self-learning teachers' cross-entropy and
 * KL, and gradients from the student to them.
 */
import { experiment, slkd } from "../../../mod.ts";
import { each, slkdPairs } from "../../cifar100/pairs.ts";

export default each(
  slkdPairs,
  (pair) => experiment(import.meta, { ...pair, distiller: slkd({ released: true }) }),
);
