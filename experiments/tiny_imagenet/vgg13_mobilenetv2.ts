/** VGG-13 teaches MobileNetV2 of full width on Tiny-ImageNet by each method of SAKD's table. */
import { methods } from "./methods.ts";

export default methods(import.meta, "vgg13_mobilenetv2");
