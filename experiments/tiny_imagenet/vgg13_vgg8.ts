/** VGG-13 teaches VGG-8 on Tiny-ImageNet by each method of SAKD's table. */
import { methods } from "./methods.ts";

export default methods(import.meta, "vgg13_vgg8");
