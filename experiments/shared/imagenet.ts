/** Shared parts of the papers' experiments on ImageNet. */
import { imagenet } from "../../datasets/imagenet.ts";
import { sgd } from "../../mod.ts";

const paced = { epochs: 100, drops: { at: [30, 60, 90], by: 0.1 }, weightDecay: 1e-4 } as const;

/**
 * The data and the schedule of SHAKE's supplement. The epochs of the learning rate's drops are
 * those of the submission. Neither states the batch size or the range of brightness, so these are
 * the usual 256 and 0.4.
 */
export const shakeSetup = {
  dataset: imagenet({ brightness: 0.4 }),
  schedule: sgd({ ...paced, batch: 256, lr: 0.1, nesterov: true }),
};

/** The data and the schedule of SLKD's Table 11. */
export const slkdSetup = { dataset: imagenet(), schedule: sgd({ ...paced, batch: 512, lr: 0.2 }) };
