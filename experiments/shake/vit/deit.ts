/** DeiT-T with hard distillation. */
import { deit, experiment } from "../../../mod.ts";
import { pair } from "./setup.ts";

export default experiment(import.meta, { ...pair, distiller: deit() });
