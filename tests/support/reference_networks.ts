/** Networks and variables by their names in the reference implementations. */
import * as deep from "../../lib/networks/deep_resnet.ts";
import * as imagenet from "../../lib/networks/imagenet.ts";
import { mobilenetv2 } from "../../lib/networks/mobilenet.ts";
import * as resnet from "../../lib/networks/resnet.ts";
import { shufflenetv1, shufflenetv2 } from "../../lib/networks/shufflenet.ts";
import * as vgg from "../../lib/networks/vgg.ts";
import { wrn } from "../../lib/networks/wrn.ts";
import { buildModel, type Classifier, type Net } from "../../lib/nn/network.ts";
import { type Shape, type Variable, variables } from "../../lib/nn/variables.ts";
import { referenceName } from "../../lib/weights/names.ts";
import type { Numbers } from "./goldens.ts";
import { ourWeight } from "./layout.ts";

/** The type of all networks here. It has the taps of the smallest. */
export type Network = Classifier<"stem" | "block1" | "block2" | "block3">;

/**
 * The networks for small images that have one name in RepDistiller, SHAKE, mdistiller, SLKD and
 * SAKD.
 */
const small: Readonly<Record<string, Network>> = {
  ...resnet,
  ...vgg,
  ...Object.fromEntries(
    ["16_1", "16_2", "28_4", "28_10", "40_1", "40_2"].map((size) => {
      const [depth, width] = size.split("_").map(Number);
      return [`wrn_${size}`, wrn(depth, width)];
    }),
  ),
  ResNet18: deep.resnet18,
  ResNet34: deep.resnet34,
  ResNet50: deep.resnet50,
  ResNet101: deep.resnet101,
  ResNet152: deep.resnet152,
};

/**
 * The references' dictionaries by a pattern of the source. The first match counts. The last one,
 * RepDistiller's, matches every source.
 */
const dictionaries: readonly (readonly [RegExp, Readonly<Record<string, Network>>])[] = [
  [/tiny_imagenet_model_dict/, { ResNet18: deep.resnet18, ShuffleV2: shufflenetv2 }],
  [/imagenet_model_dict/, {
    ResNet18: imagenet.resnet18,
    ResNet34: imagenet.resnet34,
    ResNet50: imagenet.resnet50,
    ResNet101: imagenet.resnet101,
    MobileNetV1: imagenet.mobilenetv1,
  }],
  // SAKD's.
  [/MODEL_DICT|^spot-adaptive-pytorch/, {
    ...small,
    MobileNetV2: mobilenetv2({ width: 1 }),
    ShuffleNetV1: shufflenetv1,
    ShuffleNetV2: shufflenetv2,
  }],
  [/(?:)/, {
    ...small,
    MobileNetV2: mobilenetv2(),
    ShuffleV1: shufflenetv1,
    ShuffleV2: shufflenetv2,
  }],
];

/**
 * Finds the network `name` in the dictionary of a `source`. Default: RepDistiller's dictionary.
 * Throws if there is none.
 */
export function referenceNetwork(name: string, source: string): Network {
  const [, networks] = dictionaries.find(([pattern]) => pattern.test(source))!;
  if (Object.hasOwn(networks, name)) return networks[name];
  throw new Error(`there is no network ${name} of ${source}`);
}

/**
 * Finds the network that a `source` names as an entry of a dictionary, anywhere in its text:
 * `… model_dict['resnet8'] …`. Throws if it names none.
 */
export function networkOf(source: string): Network {
  const [, dictionary, name] = source.match(/(\w+)\['([^']+)'\]/) ?? [];
  if (name === undefined) throw new Error(`${source} names no entry of a dictionary`);
  return referenceNetwork(name, dictionary);
}

/**
 * Gives the values of a network's variables by their names below `prefix`. `tensor` returns a
 * reference's tensor by the reference's name. Throws if a shape differs.
 */
export function referenceValues(
  network: Net,
  prefix: string,
  image: Shape,
  classes: number,
  tensor: (name: string) => Numbers,
): [string, Float32Array][] {
  const collected = new Map<string, Variable>();
  buildModel(network, variables({ seed: 0, collected }), image, classes);
  return Array.from(collected.values(), ({ name, shape }) => {
    const theirs = referenceName(network, name);
    const values = ourWeight(tensor(theirs));
    if (values.shape.join() !== shape.join()) {
      throw new Error(`${theirs} has the shape [${values.shape}], but ${name} has [${shape}]`);
    }
    return [prefix + name, values.data];
  });
}

/** The variables of the regressor of `fitnets` by the names of the references' ConvReg. */
export const regressorNames: Readonly<Record<string, string>> = {
  "conv.weight": "distiller.regressor.0.0.weight",
  "conv.bias": "distiller.regressor.0.0.bias",
  "bn.weight": "distiller.regressor.0.1.scale",
  "bn.bias": "distiller.regressor.0.1.offset",
  "bn.running_mean": "distiller.regressor.0.1.mean",
  "bn.running_var": "distiller.regressor.0.1.variance",
};

/** The variables of `vid` at a student's tap by the names of the references' VIDLoss. */
export const vidNames = (tap: string): Readonly<Record<string, string>> => ({
  log_scale: `distiller.variance_${tap}.0.log_scale`,
  ...Object.fromEntries(
    [0, 2, 4].map((
      layer,
    ) => [`regressor.${layer}.weight`, `distiller.mean_${tap}.0.${layer}.weight`]),
  ),
});

/**
 * The variables of the encoder of the paraphraser, which `ftInit` trains and `ft` uses, by the
 * names of the references' Paraphraser.
 */
export const paraphraserNames: Readonly<Record<string, string>> = factorNames(
  "encoder",
  "distiller.paraphraser",
  {
    "0.weight": "0.weight",
    "0.bias": "0.bias",
  },
);

/** The variables of the decoder that `ftInit` trains, by the names of that Paraphraser. */
export const decoderNames: Readonly<Record<string, string>> = factorNames(
  "decoder",
  "distiller.decoder",
  {
    "0.weight": "0.weight",
    "0.bias": "0.bias",
  },
);

/** The variables of the translator of `ft` by the names of the references' Translator. */
export const translatorNames: Readonly<Record<string, string>> = factorNames(
  "encoder",
  "distiller.translator",
  {
    "0.weight": "0.weight",
    "0.bias": "0.bias",
    "1.weight": "0.norm.scale",
    "1.bias": "0.norm.offset",
    "1.running_mean": "0.norm.mean",
    "1.running_var": "0.norm.variance",
  },
);

/**
 * The variables of SHAKE's shadow over three taps by the names of the released code's `Shake`,
 * without its unused classifier.
 */
export function shadowNames(
  ...[, second, third]: readonly [string, string, string]
): Record<string, string> {
  const layers = [`down_${second}`, `side_${second}`, `down_${third}`, `side_${third}`, "last"];
  const names = { "0.weight": "weight", "1.weight": "norm.scale", "1.bias": "norm.offset" };
  const statistics = { "1.running_mean": "norm.mean", "1.running_var": "norm.variance" };
  return Object.fromEntries(
    layers.flatMap((layer, i) =>
      Object.entries({ ...names, ...statistics }).map(([theirs, ours]) => [
        `fuse${i + 1}.${theirs}`,
        `distiller.shadow1.${layer}.0.0.${ours}`,
      ])
    ),
  );
}

/** Names of three layers, each of which is three modules in the references. */
function factorNames(
  theirs: string,
  ours: string,
  names: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    [0, 1, 2].flatMap((layer) =>
      Object.entries(names).map(([name, here]) => {
        const [, position, rest] = name.match(/^(\d)\.(.+)$/)!;
        return [`${theirs}.${3 * layer + Number(position)}.${rest}`, `${ours}.0.${layer}.${here}`];
      })
    ),
  );
}
