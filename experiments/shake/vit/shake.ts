/** SHAKE on DeiT-T, whose distillation token has the shadow head. */
import { experiment, shake } from "../../../mod.ts";
import { pair } from "./setup.ts";

export default experiment(import.meta, { ...pair, distiller: shake({ backbone: "token" }) });
