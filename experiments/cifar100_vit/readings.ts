/** SHAKE on a distillation token as its text may also be read, one difference at a time. */
import { ablation, experiment, shake } from "../../mod.ts";
import { pair } from "./resnet20_deit.ts";

const backbone = "token";
const base = experiment(import.meta, { ...pair, distiller: shake({ backbone }) });

export default ablation(import.meta, base, {
  by_class: { distiller: shake({ backbone, by: "hard" }) },
  halves: { distiller: shake({ backbone, ce: 0.5, kd: 0.5, follow: 0.5, reverse: 0.5 }) },
  labels: { distiller: shake({ backbone, labels: 1 }) },
  normalised: { distiller: shake({ backbone, normalised: true }) },
  per_class: { distiller: shake({ backbone, perClass: true }) },
  joint: { distiller: shake({ backbone, joint: true }) },
});
