/**
 * ResNet-56 teaches ResNet-20 on CIFAR-100 for 30 epochs, an eighth of the papers' schedule. DKD's
 * warm-up is an eighth of its 20 epochs, too.
 */
import {
  ablation,
  at,
  crd,
  dkd,
  experiment,
  fitnets,
  from,
  kd,
  resnet20,
  resnet56,
  sakd,
  scratch,
  sgd,
  shake,
  slkd,
} from "../../mod.ts";
import { cifar100 } from "../../datasets/cifar.ts";

const dataset = cifar100();

/** The papers' schedule with its drops in proportion: after 19, 23 and 26 of 30 epochs. */
const schedule = sgd({ epochs: 30, batch: 64, lr: 0.05, drops: { at: [19, 23, 26], by: 0.1 } });

/** The teacher, trained from scratch with the same schedule. */
export const teacher = experiment(import.meta, {
  dataset,
  schedule,
  student: resnet56,
  distiller: scratch(),
});

const pair = experiment(import.meta, {
  dataset,
  schedule,
  teacher: from(teacher),
  student: resnet20,
  distiller: kd(),
});

export default ablation(import.meta, pair, {
  scratch: { teacher: undefined, distiller: scratch() },
  kd: {},
  fitnets: { distiller: fitnets() },
  at: { distiller: at() },
  dkd: { distiller: dkd({ beta: 2, warmUp: 2.5 }) },
  crd: { distiller: crd() },
  shake: { distiller: shake() },
  sakd_fitnets: { distiller: sakd(fitnets({ weight: 1 }), { homogeneous: true }) },
  slkd: { distiller: slkd() },
});
