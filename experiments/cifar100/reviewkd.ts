/** ReviewKD with its authors' weight of each pair. */
import { experiment, reviewkd } from "../../mod.ts";
import { each, type PairName, slkdPairs } from "./pairs.ts";

/**
 * The weight where it is not 5. The authors' scripts have neither ResNet-8, whose family has 0.6,
 * nor VGGs nor MobileNetV2.
 */
const WEIGHT: { readonly [K in PairName]?: number } = {
  resnet56_resnet8: 0.6,
  resnet32x4_shufflenetv2: 8,
};

export default each(
  slkdPairs,
  (pair, name) =>
    experiment(import.meta, { ...pair, distiller: reviewkd({ weight: WEIGHT[name] ?? 5 }) }),
);
