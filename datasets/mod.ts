/**
 * The data sets, and the types of their options.
 *
 * @module
 */
export { cifar10, cifar100, type CifarOptions } from "./cifar.ts";
export { coco, type CocoOptions } from "./coco.ts";
export { type FitRule } from "./images/fit_size.ts";
export { type ImageOptions, type Rgb } from "./declare.ts";
export { imageFolder, type ImageFolderOptions } from "./image_folder.ts";
export { type NumberRange } from "./images/cut.ts";
export { type Interpolation } from "./images/resample.ts";
export { imagenet, type ImagenetOptions } from "./imagenet.ts";
export { synthetic, type SyntheticOptions } from "./synthetic.ts";
export { tinyImagenet, type TinyImagenetOptions } from "./tiny_imagenet.ts";
