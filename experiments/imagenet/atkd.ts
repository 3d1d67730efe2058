/**
 * ATKD, read as teaching by an assistant. SHAKE names none: ResNet-26 here, which learns from
 * ResNet-34 first.
 */
import { atkd, experiment, from, imagenet } from "../../mod.ts";
import { pairs } from "./pairs.ts";

const pair = pairs.resnet34_resnet18;

/** The assistant. */
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
