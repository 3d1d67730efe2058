/**
 * The quick start, on synthetic images: a student trained alone and one that learns from a teacher.
 */
import { synthetic } from "../datasets/synthetic.ts";
import {
  experiment,
  from,
  kd as distil,
  resnet20,
  resnet8,
  scratch as alone,
  sgd,
} from "../mod.ts";

const dataset = synthetic();
const schedule = sgd({ epochs: 8, batch: 64, lr: 0.05, drops: { at: [5, 7], by: 0.1 } });

export const teacher = experiment(import.meta, {
  dataset,
  schedule,
  student: resnet20,
  distiller: alone(),
});

export const scratch = experiment(import.meta, {
  dataset,
  schedule,
  student: resnet8,
  distiller: alone(),
});

export const kd = experiment(import.meta, {
  dataset,
  schedule,
  teacher: from(teacher),
  student: resnet8,
  distiller: distil(),
});
