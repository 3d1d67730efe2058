/**
 * ESKD: a teacher that stopped early. SHAKE's supplement gives the other methods their own papers'
 * settings; ours stops after epoch 35, once its rate has dropped.
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
