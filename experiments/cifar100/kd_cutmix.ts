/** KD with CutMix. SHAKE states neither α nor the probability. */
import { cifar100 } from "../../datasets/cifar.ts";
import { cutmix, experiment, kd } from "../../mod.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, { ...pair, dataset: cifar100({ mix: cutmix() }), distiller: kd() }),
);
