/** DKD with mdistiller's β of each pair. */
import { dkd, experiment } from "../../mod.ts";
import { each, type PairName, slkdPairs } from "./pairs.ts";

/**
 * β where it is not 8. mdistiller has neither ResNet-8 nor VGG-11: theirs are those of their
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
