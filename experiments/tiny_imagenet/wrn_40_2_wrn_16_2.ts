/** WRN-40-2 teaches WRN-16-2 on Tiny-ImageNet by each method of SAKD's table. */
import { methods } from "./methods.ts";

export default methods(import.meta, "wrn_40_2_wrn_16_2");
