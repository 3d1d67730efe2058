/** What the papers' experiments on ImageNet share. */
import { imagenet } from "../../datasets/imagenet.ts";
import { sgd } from "../../mod.ts";

const paced = { epochs: 100, drops: { at: [30, 60, 90], by: 0.1 }, weightDecay: 1e-4 } as const;

/**
 * What SHAKE's supplement trains on, and how; when the rate drops is the submission's. Neither says
 * the batch, nor how much brightness changes: 256 and 0.4 are what is usual.
 */
export const asShake = {
  dataset: imagenet({ brightness: 0.4 }),
  schedule: sgd({ ...paced, batch: 256, lr: 0.1, nesterov: true }),
};

/** SLKD's Table 11. */
export const asSlkd = { dataset: imagenet(), schedule: sgd({ ...paced, batch: 512, lr: 0.2 }) };
