/**
 * ONE: the student's last block, of four, is what its branches have of their own. SHAKE's
 * supplement gives the other methods their own papers' settings; ours are CIFAR's.
 */
import { experiment, one } from "../../mod.ts";
import { pairs } from "./pairs.ts";

const { teacher: _, ...pair } = pairs.resnet34_resnet18;

export default {
  resnet34_resnet18: experiment(import.meta, { ...pair, distiller: one({ shared: "block3" }) }),
};
