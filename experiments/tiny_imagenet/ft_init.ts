/** FT's first stage of each pair: 30 epochs with the learning rate 0.01. */
import { experiment, ftInit, sgd } from "../../mod.ts";
import { mapValues } from "../shared/map_values.ts";
import { pairs } from "./pairs.ts";

const schedule = sgd({ epochs: 30, batch: 64, lr: 0.01 });

export default mapValues(
  pairs,
  (pair) => experiment(import.meta, { ...pair, distiller: ftInit(), schedule }),
);
