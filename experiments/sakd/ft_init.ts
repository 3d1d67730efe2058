/**
 * FT's first stage of each pair: 30 epochs with the learning rate 0.01, or 0.05 for ResNet-50 and
 * VGG-8 (released code at 2cc304d, `pretrain` in configs/cifar-100/seed-1029/ft).
 */
import { experiment, ftInit, sgd } from "../../mod.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair, name) =>
    experiment(import.meta, {
      ...pair,
      distiller: ftInit(),
      schedule: sgd({ epochs: 30, batch: 64, lr: name === "resnet50_vgg8" ? 0.05 : 0.01 }),
    }),
);
