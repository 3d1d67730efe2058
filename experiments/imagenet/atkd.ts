/**
 * ATKD, understood as distillation by an assistant. SHAKE does not name the assistant. Here it is
 * ResNet-26, which first learns from ResNet-34.
 */
import { atkd, experiment, from, imagenet } from "../../mod.ts";
import { pairs } from "./pairs.ts";

const pair = pairs.resnet34_resnet18;

/** The assistant, which learns from the teacher. */
export const assistant = experiment(import.meta, {
  ...pair,
  student: imagenet.resnet26,
  distiller: atkd(),
});

export default {
  resnet34_resnet18: experiment(import.meta, {
    ...pair,
    teacher: from(assistant),
    distiller: atkd(),
  }),
};
