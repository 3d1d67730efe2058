/** The teacher on ResNet-101, in detectron2's 3× schedule, whose own has an AP of 42.0. */
import { experiment, scratch } from "../../../mod.ts";
import { master, schedule, setup } from "./setup.ts";

export default experiment(import.meta, {
  ...setup,
  schedule: schedule(270_000, 37, [210_000, 250_000]),
  student: master,
  distiller: scratch(),
});
