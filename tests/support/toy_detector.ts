/** A detector small enough for tfjs's own backend, and a batch for it. */
import {
  type DetectionLibrary,
  type FasterRcnn,
  fasterRcnn,
} from "../../lib/networks/faster_rcnn.ts";
import * as imagenet from "../../lib/networks/imagenet.ts";
import type { TrainInput } from "../../lib/training/step.ts";
import type { Inputs } from "../../lib/values/input.ts";
import { stream } from "../../lib/values/random.ts";

/** Height, width and channels of a toy canvas. */
export const CANVAS: readonly number[] = [64, 64, 3];

/** Classes of the toy's objects, with the background. */
export const KINDS = 3;

/** A detector whose body has `width` channels in its stem. */
export const toyDetector = (
  width: number,
  norm: "batch" | "frozen" = "batch",
  conventions: DetectionLibrary = "torchvision",
): FasterRcnn =>
  fasterRcnn({
    conventions,
    body: imagenet.resnet18,
    width,
    channels: 8,
    hidden: 16,
    norm,
    anchors: { sizes: [8, 16, 24, 32, 48] },
    regions: { side: 3, canonicalSize: 32 },
    proposals: 30,
    sampled: { anchors: 32, regions: 16 },
  });

/** The labels of two images: two objects in the first, which is 48 pixels high, one in the other. */
export function toyObjects(): Inputs<`label${string}`> {
  return {
    labelBoxes: {
      shape: [2, 4, 4],
      data: Float32Array.of(
        ...[4, 4, 24, 20],
        ...[30, 10, 60, 44],
        ...[0, 0, 0, 0],
        ...[0, 0, 0, 0],
        ...[10, 20, 40, 50],
        ...[0, 0, 0, 0],
        ...[0, 0, 0, 0],
        ...[0, 0, 0, 0],
      ),
    },
    labelClasses: { shape: [2, 4], data: Int32Array.of(1, 2, 0, 0, 2, 0, 0, 0) },
    labelCount: { shape: [2], data: Int32Array.of(2, 1) },
    labelSize: { shape: [2, 2], data: Float32Array.of(48, 64, 64, 64) },
    labelPhoto: { shape: [2, 2], data: Float32Array.of(96, 128, 64, 64) },
    labelImage: { shape: [2], data: Int32Array.of(11, 12) },
  };
}

/** The inputs of a training step on random pixels. */
export function toyPhotos(step = 0, rate = 0.02): Inputs<TrainInput> {
  const random = stream(1, "photos");
  const size = 2 * CANVAS.reduce((a, b) => a * b, 1);
  const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) });
  return {
    ...toyObjects(),
    image: {
      shape: [2, ...CANVAS],
      data: Uint8Array.from({ length: size }, () => random.below(256)),
    },
    index: { shape: [2], data: Int32Array.of(0, 1) },
    rate: { shape: [1], data: Float32Array.of(rate) },
    epoch: scalar(1),
    step: { shape: [], data: Int32Array.of(step) },
  };
}
