/**
 * SHAKE as in its authors' code, on the pairs of its table and of its published logs: with labels,
 * MSE and normalised logits. That code cannot run ResNet-50 as a teacher. Here ResNet-50 gets a
 * shadow head on its last three maps.
 */
import { experiment, shake } from "../../../mod.ts";
import { each, shakePairs } from "../../cifar100/pairs.ts";

export default each(
  [...shakePairs, "resnet32x4_shufflenetv1"],
  (pair) => experiment(import.meta, { ...pair, distiller: shake({ released: true }) }),
);
