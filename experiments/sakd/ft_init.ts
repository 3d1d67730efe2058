/** FT's first stage of each pair: 30 epochs, at the rate 0.01 but for VGG-8, whose own is 0.05. */
import { experiment, ftInit, sgd } from "../../mod.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      distiller: ftInit(),
      schedule: sgd({ epochs: 30, batch: 64, lr: pair.student.id === "vgg8" ? 0.05 : 0.01 }),
    }),
);
