/** KD†: the teacher is tuned together with the student. */
import { experiment, kdDagger } from "../../mod.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  shakePairs,
  (pair) => experiment(import.meta, { ...pair, distiller: kdDagger() }),
);
