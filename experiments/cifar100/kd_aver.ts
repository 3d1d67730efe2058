/** KD from two teachers of the same weight. SHAKE does not say which: the pair's teacher here, trained twice. */
import { aver, ensemble, experiment, from } from "../../mod.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      teacher: ensemble(pair.teacher, from(pair.teacher.experiment, { seed: 2 })),
      distiller: aver(),
    }),
);
