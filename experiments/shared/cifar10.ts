/** Shared parts of the experiments on CIFAR-10: all of its images, as JPEG, for ten epochs. */
import { imageFolder } from "../../datasets/image_folder.ts";
import { sgd } from "../../mod.ts";

/** CIFAR-10 re-encoded as JPEG, normalised by CIFAR-10's means and standard deviations. */
export const dataset = imageFolder({
  folder: "cifar10-jpeg.zip",
  train: "cifar10/train",
  test: "cifar10/test",
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
});

/** Ten epochs, with the learning rate divided by 10 after epochs 6 and 8. */
export const schedule = sgd({ epochs: 10, batch: 64, lr: 0.05, drops: { at: [6, 8], by: 0.1 } });
