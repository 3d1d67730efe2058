/** DKD with mdistiller's β for each pair. */
import { dkd, experiment } from "../../mod.ts";
import { each, type PairName, slkdPairs } from "./pairs.ts";

/**
 * The values of β other than 8. mdistiller lacks ResNet-8 and VGG-11, which get the values of their
 * families.
 */
const BETA: { readonly [K in PairName]?: number } = {
  resnet56_resnet8: 2,
  wrn_40_2_wrn_40_1: 6,
  wrn_40_2_wrn_16_2: 6,
  vgg13_vgg11: 6,
  vgg13_vgg8: 6,
  vgg13_mobilenetv2: 6,
};

export default each(
  slkdPairs,
  (pair, name) => experiment(import.meta, { ...pair, distiller: dkd({ beta: BETA[name] }) }),
);
