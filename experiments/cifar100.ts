/** What the papers' experiments on CIFAR-100 share. */
import { sgd } from "../mod.ts";

/** CRD's schedule, which every paper after it took: 240 epochs, the rate a tenth after 150, 180 and 210. */
export const schedule = sgd({ epochs: 240, batch: 64, lr: 0.05, drops: { at: [150, 180, 210], by: 0.1 } });
