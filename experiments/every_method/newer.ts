/**
 * Methods that came later, and MLKD with its authors' strong view, as the others in `resnet20_resnet8.ts`: once on a real pair, a few
 * minutes each, to show that each trains.
 */
import { imageFolder } from "../../datasets/image_folder.ts";
import {
  ablation,
  ctkd,
  experiment,
  fixMatchAugment,
  from,
  mlkd,
  nkd,
  resnet20,
  resnet8,
  sgd,
  simkd,
  srrl,
  withTeachersHead,
  wsld,
} from "../../mod.ts";
import { teacher } from "./resnet20_resnet8.ts";

const folder = {
  folder: "cifar10-jpeg.zip",
  train: "cifar10/train",
  test: "cifar10/test",
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
  take: 10_000,
} as const;
const dataset = imageFolder(folder);
const schedule = sgd({ epochs: 3, batch: 64, lr: 0.05, drops: { at: [2], by: 0.1 } });
const pair = { dataset, teacher: from(teacher), student: resnet8, schedule } as const;

export default {
  ...ablation(import.meta, experiment(import.meta, { ...pair, distiller: wsld() }), {
    wsld: {},
    ctkd: { distiller: ctkd() },
    nkd: { distiller: nkd() },
    srrl: { distiller: srrl() },
    mlkd: {
      dataset: imageFolder({ ...folder, views: { strong: { policy: fixMatchAugment() } } }),
      distiller: mlkd(),
    },
  }),
  simkd: experiment(import.meta, {
    ...pair,
    student: withTeachersHead(resnet8, resnet20),
    distiller: simkd(),
  }),
};
