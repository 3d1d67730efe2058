/** The pairs of SHAKE's and SLKD's tables on ImageNet, with SHAKE's data and schedule. */
import { from, imagenet } from "../../mod.ts";
import { shakeSetup } from "../shared/imagenet.ts";
import teachers from "./teachers.ts";

/** Both pairs, by the names of their columns. */
export const pairs = {
  resnet34_resnet18: {
    ...shakeSetup,
    teacher: from(teachers.resnet34),
    student: imagenet.resnet18,
  },
  resnet50_mobilenetv1: {
    ...shakeSetup,
    teacher: from(teachers.resnet50),
    student: imagenet.mobilenetv1,
  },
} as const;
