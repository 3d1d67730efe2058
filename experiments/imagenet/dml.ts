/** DML: the pair's teacher network learns from scratch together with the student. */
import { dml, experiment } from "../../mod.ts";
import { mapValues } from "../shared/map_values.ts";
import { pairs } from "./pairs.ts";

export default mapValues(
  pairs,
  ({ teacher, ...pair }) =>
    experiment(import.meta, { ...pair, distiller: dml({ peer: teacher.experiment.student }) }),
);
