/**
 * SHAKE's fourth setting on detectron2's protocol, on which its student's number stands: COCO, short
 * sides of 640 to 800 pixels, Faster R-CNN with a pyramid on ResNets that learned ImageNet,
 * detectron2's 1× schedule, 90,000 iterations of 16 images. The ResNets are torchvision's: RGB, the
 * stride of a block in its 3 × 3 convolution.
 */
import { coco } from "../../../datasets/coco.ts";
import { fasterRcnn, imagenet, sgd, startBody, stepsByIteration, weights } from "../../../mod.ts";

const conventions = "detectron2";

/** detectron2's schedule of so many iterations, which begin so many epochs of 16 images a step. */
export const schedule = (iterations: number, epochs: number, drops: readonly number[]) =>
  sgd({
    epochs,
    iterations,
    batch: 16,
    lr: 0.02,
    weightDecay: 1e-4,
    rate: stepsByIteration({
      at: drops,
      by: 0.1,
      warmup: { iterations: 1000, factor: 1 / 1000 },
    }),
  });

/** The data and the 1× schedule. */
export const setup = {
  dataset: coco({
    shorterInTraining: [640, 672, 704, 736, 768, 800],
    scaling: "detectron2",
  }),
  schedule: schedule(90_000, 13, [60_000, 80_000]),
};

/** The student, on ResNet-50. */
export const student = startBody(
  fasterRcnn({ body: imagenet.resnet50, conventions }),
  weights(imagenet.resnet50, {
    url: "https://download.pytorch.org/models/resnet50-0676ba61.pth",
    top1: 76.13,
  }),
);

/** The teacher, on ResNet-101. */
export const master = startBody(
  fasterRcnn({ body: imagenet.resnet101, conventions }),
  weights(imagenet.resnet101, {
    url: "https://download.pytorch.org/models/resnet101-63fe2227.pth",
    top1: 77.37,
  }),
);
