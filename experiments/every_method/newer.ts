/**
 * Methods that came later, and MLKD with its authors' strong view. Like those of
 * `resnet20_resnet8.ts`, each trains once on a real pair, for a few minutes, to show that it trains.
 */
import { imageFolder } from "../../datasets/image_folder.ts";
import {
  ablation,
  ctkd,
  experiment,
  fixMatchAugment,
  mlkd,
  nkd,
  resnet20,
  resnet8,
  simkd,
  srrl,
  withTeachersHead,
  wsld,
} from "../../mod.ts";
import { folder, pair } from "./resnet20_resnet8.ts";

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
