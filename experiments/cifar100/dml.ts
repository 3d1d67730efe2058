/** DML: the pair's teacher network learns from scratch together with the student. */
import { dml, experiment } from "../../mod.ts";
import { each, figure4Pairs, shakePairs } from "./pairs.ts";

export default each(
  [...shakePairs, ...figure4Pairs],
  ({ teacher, ...pair }) =>
    experiment(import.meta, { ...pair, distiller: dml({ peer: teacher.experiment.student }) }),
);
