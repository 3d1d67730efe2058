/** VGG-13 teaches VGG-8 on Tiny-ImageNet, by every method of SAKD's table. */
import { methods } from "./methods.ts";

export default methods(import.meta, "vgg13_vgg8");
