/** ONE: the student's last block, of four here, is what its branches have of their own. SHAKE does not say its settings. */
import { experiment, one } from "../../mod.ts";
import { pairs } from "./pairs.ts";

const { teacher: _, ...pair } = pairs.resnet34_resnet18;

export default { resnet34_resnet18: experiment(import.meta, { ...pair, distiller: one({ shared: "block3" }) }) };
