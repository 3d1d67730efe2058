/** KD from two teachers that count by their gradients, AE-KD. SHAKE does not say which: the pair's teacher here, trained twice. */
import { aekd, ensemble, experiment, from } from "../../mod.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      teacher: ensemble(pair.teacher, from(pair.teacher.experiment, { seed: 2 })),
      distiller: aekd(),
    }),
);
