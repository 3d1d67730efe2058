/** DML: the pair's teacher learns beside the student, from scratch. */
import { dml, experiment } from "../../mod.ts";
import { each, figure4Pairs, shakePairs } from "./pairs.ts";

export default each(
  [...shakePairs, ...figure4Pairs],
  ({ teacher, ...pair }) =>
    experiment(import.meta, { ...pair, distiller: dml({ peer: teacher.experiment.student }) }),
);
