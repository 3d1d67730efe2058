/**
 * ONE: the branches share all of the student's blocks but the last of four. SHAKE's supplement uses
 * the settings of each method's own paper. Here: those for CIFAR.
 */
import { experiment, one } from "../../mod.ts";
import { pairs } from "./pairs.ts";

const { teacher: _, ...pair } = pairs.resnet34_resnet18;

export default {
  resnet34_resnet18: experiment(import.meta, { ...pair, distiller: one({ shared: "block3" }) }),
};
