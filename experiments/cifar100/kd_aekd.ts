/**
 * KD from two teachers that count by their gradients, AE-KD. SHAKE does not say which: the pair's
 * teacher here, trained twice.
 */
import { aekd, experiment } from "../../mod.ts";
import { twice } from "../shared/twice.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  shakePairs,
  (pair) =>
    experiment(import.meta, {
      ...pair,
      teacher: twice(pair.teacher),
      distiller: aekd(),
    }),
);
