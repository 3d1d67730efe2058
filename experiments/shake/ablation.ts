/**
 * An ablation of SHAKE's choices, and of the differences between its released code and its texts.
 * `released/shake.ts` has all of these differences.
 */
import { ablation, shake } from "../../mod.ts";
import module from "./shake.ts";

export default ablation(import.meta, module.wrn_40_2_wrn_16_2, {
  not_reversed: { distiller: shake({ reverse: 0 }) },
  students_backbone: { distiller: shake({ backbone: "student" }) },
  proxy_teacher: { distiller: shake({ backbone: "own" }) },
  two_heads: { distiller: shake({ heads: 2 }) },
  direct: { distiller: shake({ direct: 1 }) },
  labels: { distiller: shake({ labels: 1 }) },
  mse: { distiller: shake({ by: "mse" }) },
  normalised: { distiller: shake({ normalised: true }) },
});
