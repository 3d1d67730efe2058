/**
 * ESKD: a teacher that was stopped early. SHAKE's supplement uses the settings of each method's own
 * paper. Here the teacher stops after epoch 35, after its first drop of the learning rate.
 */
import { eskd, experiment, from } from "../../mod.ts";
import { pairs } from "./pairs.ts";

const pair = pairs.resnet34_resnet18;

export default {
  resnet34_resnet18: experiment(import.meta, {
    ...pair,
    teacher: from(pair.teacher.experiment, { epoch: 35 }),
    distiller: eskd(),
  }),
};
