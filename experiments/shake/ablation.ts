/**
 * What each of SHAKE's choices is worth, and each of the released code's differences from its
 * texts; all of these are `released/shake.ts`.
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
