/** The schedules of the papers' experiments on CIFAR-100, and of SAKD's on Tiny-ImageNet. */
import { type Net, type Schedule, sgd } from "../mod.ts";

const paced = (lr: number, batch = 64): Schedule =>
  sgd({ epochs: 240, batch, lr, drops: { at: [150, 180, 210], by: 0.1 } });

/** CRD's schedule, which every paper after it took: 240 epochs, the rate a tenth after 150, 180 and 210. */
export const schedule = paced(0.05);

/** A student's schedule: CRD's, for MobileNetV2 and the ShuffleNets at a fifth of the rate. */
export function scheduleOf({ id }: Net, batch?: number): Schedule {
  return paced(/^(mobilenet|shufflenet)/.test(id) ? 0.01 : 0.05, batch);
}
