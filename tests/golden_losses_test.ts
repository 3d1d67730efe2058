/** Every method's loss and its gradients on outputs that are given, as the references compute them. */
import type { Loss } from "./golden_losses/check.ts";
import { fitnets } from "./golden_losses/fitnets.ts";
import { kd } from "./golden_losses/kd.ts";
import { slkd } from "./golden_losses/slkd.ts";
import { goldens } from "./goldens.ts";

const later =
  /^(ab|aekd|at|aver|camkd|cc|crd|cutmix|dgkd|dist|dkd|dml|ebkd|fsp|ft|kdsvd|logitstd|mixup|mlkd|nst|ofd|one|pkt|reviewkd|rkd|sakd|shake|slkd_dfgkd|sp|takd|td|vid)(_|$)/;

await goldens<Loss>("losses", [
  ...fitnets,
  ...kd,
  ...slkd,
], later);
