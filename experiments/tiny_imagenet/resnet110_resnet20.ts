/** ResNet-110 teaches ResNet-20 on Tiny-ImageNet by each method of SAKD's table. */
import { methods } from "./methods.ts";

export default methods(import.meta, "resnet110_resnet20");
