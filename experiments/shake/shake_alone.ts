/** SHAKE with a separate proxy teacher in place of the shadow head: panel H of the poster. */
import { experiment, shake } from "../../mod.ts";
import { each } from "../cifar100/pairs.ts";

export default each(
  ["resnet110_resnet20"],
  (pair) => experiment(import.meta, { ...pair, distiller: shake({ backbone: "own" }) }),
);
