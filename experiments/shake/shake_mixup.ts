/** SHAKE with Mixup. The paper states neither α nor the probability. */
import { cifar100 } from "../../datasets/cifar.ts";
import { experiment, mixup, shake } from "../../mod.ts";
import { each, shakePairs } from "../cifar100/pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, { ...pair, dataset: cifar100({ mix: mixup() }), distiller: shake() }),
);
