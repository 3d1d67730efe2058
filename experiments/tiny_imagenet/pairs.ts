/** The pairs of SAKD's table on Tiny-ImageNet. Each network is also trained alone. */
import { tinyImagenet } from "../../datasets/tiny_imagenet.ts";
import { pair } from "../cifar100/pairs.ts";
import alone from "./scratch.ts";

const dataset = tinyImagenet();

/** All pairs, by the names of their columns. */
export const pairs = {
  resnet56_resnet20: pair(alone.resnet56, alone.resnet20.student, dataset),
  resnet110_resnet20: pair(alone.resnet110, alone.resnet20.student, dataset),
  vgg13_vgg8: pair(alone.vgg13, alone.vgg8.student, dataset),
  wrn_40_2_wrn_16_2: pair(alone.wrn_40_2, alone.wrn_16_2.student, dataset),
  vgg13_mobilenetv2: pair(alone.vgg13, alone.mobilenetv2.student, dataset),
} as const;
