/**
 * Tiny-ImageNet: `tiny-imagenet-200.zip`, packed or unpacked, in the data folder. The mean and the
 * deviation are DOT's; the defaults are SAKD's. Without the data the shapes can be shown:
 *
 *     deno task describe experiments/examples/tiny_imagenet.ts --size 64 --classes 200
 */
import { tinyImagenet } from "../../datasets/tiny_imagenet.ts";
import { experiment, resnet8, scratch, sgd } from "../../mod.ts";

export default experiment(import.meta, {
  dataset: tinyImagenet({
    crop: 8,
    mean: [0.4802, 0.4481, 0.3975],
    std: [0.2302, 0.2265, 0.2262],
  }),
  student: resnet8,
  distiller: scratch(),
  schedule: sgd({ epochs: 200, batch: 64, lr: 0.1, drops: { at: [60, 120, 160], by: 0.2 } }),
});
