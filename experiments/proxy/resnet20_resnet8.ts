/** For a CPU: ResNet-20 teaches ResNet-8 for 15 epochs, on all images of CIFAR-10. */
import {
  ablation,
  crd,
  dml,
  experiment,
  fitnets,
  from,
  kd,
  resnet20,
  resnet8,
  sakd,
  scratch,
  sgd,
  shake,
  slkd,
} from "../../mod.ts";
import { dataset } from "../shared/cifar10.ts";

const schedule = sgd({ epochs: 15, batch: 64, lr: 0.05, drops: { at: [8, 12, 14], by: 0.1 } });

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
  fitnets: { distiller: fitnets() },
  shake: { distiller: shake() },
  dml: { teacher: undefined, distiller: dml({ peer: resnet20 }) },
  crd: { distiller: crd({ negatives: 1024 }) },
  slkd: { distiller: slkd() },
  sakd_fitnets: { distiller: sakd(fitnets({ weight: 1 }), { homogeneous: true }) },
});
