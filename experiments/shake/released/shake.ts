/**
 * SHAKE as its authors' code has it, on the pairs of its table and of its published logs: labels,
 * MSE and normalised scores. What that code cannot run, ResNet-50 as a teacher, has a shadow over
 * the last three maps here.
 */
import { experiment, shake } from "../../../mod.ts";
import { each, shakePairs } from "../../cifar100/pairs.ts";

export default each(
  [...shakePairs, "resnet32x4_shufflenetv1"],
  (pair) => experiment(import.meta, { ...pair, distiller: shake({ released: true }) }),
);
