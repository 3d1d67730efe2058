/**
 * The controls of SAKD's released scripts, with FitNets: spots are random or the opposite of the
 * policy's, or a copy of the teacher also learns.
 */
import { experiment, fitnets, sakd } from "../../mod.ts";
import { pairs } from "../cifar100/pairs.ts";
import { isHomogeneous } from "./pairs.ts";

const control = (
  name: "resnet56_resnet20" | "wrn_40_2_shufflenetv1",
  routing: "random" | "reversed" | "both",
) =>
  experiment(import.meta, {
    ...pairs[name],
    distiller: sakd(fitnets({ weight: 1 }), { routing, homogeneous: isHomogeneous(name) }),
  });

export default {
  random_resnet56_resnet20: control("resnet56_resnet20", "random"),
  reversed_resnet56_resnet20: control("resnet56_resnet20", "reversed"),
  both_resnet56_resnet20: control("resnet56_resnet20", "both"),
  random_wrn_40_2_shufflenetv1: control("wrn_40_2_shufflenetv1", "random"),
  reversed_wrn_40_2_shufflenetv1: control("wrn_40_2_shufflenetv1", "reversed"),
  both_wrn_40_2_shufflenetv1: control("wrn_40_2_shufflenetv1", "both"),
};
