/** SHAKE on images that Mixup blends. The paper says neither α nor how often. */
import { cifar100 } from "../../datasets/cifar.ts";
import { experiment, mixup, shake } from "../../mod.ts";
import { each, shakePairs } from "../cifar100/pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, { ...pair, dataset: cifar100({ mix: mixup() }), distiller: shake() }),
);
