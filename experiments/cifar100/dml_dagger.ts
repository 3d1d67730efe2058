/** DML†: DML without learning of the peer from the student. */
import { dmlDagger, experiment } from "../../mod.ts";
import { each, shakePairs } from "./pairs.ts";

export default each(
  shakePairs,
  ({ teacher, ...pair }) =>
    experiment(import.meta, {
      ...pair,
      distiller: dmlDagger({ peer: teacher.experiment.student }),
    }),
);
