/**
 * KD from two teachers of equal weight. SHAKE does not name them. Here: the pair's teacher, trained
 * twice.
 */
import { aver, experiment } from "../../mod.ts";
import { twice } from "../shared/twice.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      teacher: twice(pair.teacher),
      distiller: aver(),
    }),
);
