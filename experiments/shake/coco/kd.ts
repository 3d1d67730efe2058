/** KD of regions, from ResNet-101 to ResNet-50. */
import { experiment, from, kdOnRegions } from "../../../mod.ts";
import { setup, student } from "./setup.ts";
import teacher from "./teacher.ts";

export default experiment(import.meta, {
  ...setup,
  teacher: from(teacher),
  student,
  distiller: kdOnRegions(),
});
