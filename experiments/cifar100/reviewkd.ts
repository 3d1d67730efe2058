/** ReviewKD with its authors' weight for each pair. */
import { experiment, reviewkd } from "../../mod.ts";
import { each, type PairName, slkdPairs } from "./pairs.ts";

/**
 * The weights other than 5. The authors' scripts lack ResNet-8, which gets 0.6 like its family, the
 * VGGs and MobileNetV2.
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
