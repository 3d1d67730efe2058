/**
 * KD from two teachers of equal weight. SHAKE does not name them. Here: the pair's teacher, trained
 * twice.
 */
import { aver, experiment } from "../../mod.ts";
import { withSecondSeed } from "../shared/with_second_seed.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      teacher: withSecondSeed(pair.teacher),
      distiller: aver(),
    }),
);
