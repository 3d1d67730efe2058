/**
 * An ablation: variants of one experiment, each with some other settings, here with two seeds each.
 * The example `table` compares their numbers.
 *
 *     deno task exp experiments/examples/ablation.ts --trials 2
 */
import { synthetic } from "../../datasets/synthetic.ts";
import {
  ablation,
  at,
  combine,
  experiment,
  from,
  kd,
  mixup,
  resnet20,
  resnet8,
  scratch,
  sgd,
} from "../../mod.ts";

const images = { size: 16, train: 500, test: 200 };
const dataset = synthetic(images);
const schedule = sgd({ epochs: 2, batch: 50, lr: 0.05, drops: { at: [1], by: 0.1 } });

export const teacher = experiment(import.meta, {
  dataset,
  schedule,
  student: resnet20,
  distiller: scratch(),
});

const base = experiment(import.meta, {
  dataset,
  schedule,
  teacher: from(teacher),
  student: resnet8,
  distiller: kd(),
});

export default ablation(import.meta, base, {
  kd: {},
  mixed: { dataset: synthetic({ ...images, mix: mixup() }), distiller: kd() },
  both: { distiller: combine(kd(), at()) },
});
