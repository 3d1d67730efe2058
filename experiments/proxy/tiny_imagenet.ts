/**
 * For a CPU: ResNet-20 teaches ResNet-8, on 50 images of each of Tiny-ImageNet's 200 classes at
 * 32×32 pixels.
 */
import { tinyImagenet } from "../../datasets/tiny_imagenet.ts";
import {
  ablation,
  experiment,
  from,
  kd,
  resnet20,
  resnet8,
  scratch,
  sgd,
  shake,
  slkd,
} from "../../mod.ts";

const dataset = tinyImagenet({ folder: "tiny-imagenet-200-subset.zip", size: 32 });
const schedule = sgd({ epochs: 30, batch: 64, lr: 0.05, drops: { at: [16, 24, 28], by: 0.1 } });

/** The teacher, trained from scratch with the same schedule. */
export const teacher = experiment(import.meta, {
  dataset,
  schedule,
  student: resnet20,
  distiller: scratch(),
});

const pair = experiment(import.meta, {
  dataset,
  schedule,
  teacher: from(teacher),
  student: resnet8,
  distiller: kd(),
});

export default ablation(import.meta, pair, {
  scratch: { teacher: undefined, distiller: scratch() },
  kd: {},
  shake: { distiller: shake() },
  slkd: { distiller: slkd() },
});
