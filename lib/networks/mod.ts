/**
 * Every family of networks.
 *
 * @module
 */
export * from "./deep_resnet.ts";
export * from "./faster_rcnn.ts";
export * as imagenet from "./imagenet.ts";
export * from "./mobilenet.ts";
export * from "./regnet.ts";
export * from "./resnet.ts";
export * from "./shufflenet.ts";
export * from "./vgg.ts";
export * from "./vit.ts";
export * from "./wrn.ts";
