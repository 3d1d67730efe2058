/** The schedules of the papers' experiments on CIFAR-100, and of SAKD's on Tiny-ImageNet. */
import {
  mobilenetv2,
  type Net,
  type Schedule,
  sgd,
  shufflenetv1,
  shufflenetv2,
} from "../../mod.ts";

const paced = (lr: number, batch = 64): Schedule =>
  sgd({ epochs: 240, batch, lr, drops: { at: [150, 180, 210], by: 0.1 } });

/**
 * CRD's schedule, which all later papers use: 240 epochs, with the learning rate divided by 10
 * after epochs 150, 180 and 210.
 */
export const schedule = paced(0.05);

/** The ids of the light networks: MobileNetV2 of any width and the ShuffleNets. */
const LIGHT: ReadonlySet<string> = new Set(
  [mobilenetv2(), shufflenetv1, shufflenetv2].map(({ id }) => id),
);

/** A student's schedule: CRD's, for light networks with a fifth of its learning rate. */
export function scheduleOf({ id }: Net, batch?: number): Schedule {
  return paced(LIGHT.has(id) ? 0.01 : 0.05, batch);
}
