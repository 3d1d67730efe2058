/** ResNet-56 teaches ResNet-20 on Tiny-ImageNet by each method of SAKD's table. */
import { methods } from "./methods.ts";

export default methods(import.meta, "resnet56_resnet20");
