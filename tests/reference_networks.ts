/** Networks by the names that the reference implementations' dictionaries have. */
import { build, type Classifier } from "../lib/network.ts";
import * as resnet from "../lib/networks/resnet.ts";
import * as vgg from "../lib/networks/vgg.ts";
import { type Family, referenceName } from "../lib/reference_names.ts";
import { type Shape, type Variable, variables } from "../lib/variables.ts";
import type { Numbers } from "./goldens.ts";
import { ourWeight } from "./layout.ts";

/** What all the networks here are: the taps of the smallest. */
export type Network = Classifier<"stem" | "block1" | "block2" | "block3">;

/** A network of the references. */
export interface ReferenceNetwork {
  /** Its family. */
  readonly family: Family;
  /** The same network here. */
  readonly network: Network;
}

const families: Readonly<Record<Family, Readonly<Record<string, Network>>>> = {
  resnet: { ...resnet },
  vgg: { ...vgg },
};

/** Networks that come with the next ones: their goldens are left out until then. */
export const laterNetworks = /^(wrn_|MobileNet|Shuffle|ResNet\d)/;

/** The network of this name; throws where there is none. */
export function referenceNetwork(name: string): ReferenceNetwork {
  for (const [family, networks] of Object.entries(families)) {
    if (Object.hasOwn(networks, name)) return { family: family as Family, network: networks[name] };
  }
  throw new Error(`there is no network ${name}`);
}

/** Values for every variable of a network below `prefix`, from the references' tensors by the references' names. */
export function referenceValues(
  { family, network }: ReferenceNetwork,
  prefix: string,
  image: Shape,
  classes: number,
  tensor: (name: string) => Numbers,
): [string, Float32Array][] {
  const collected = new Map<string, Variable>();
  build(network, variables({ seed: 0, collected }), image, classes);
  return Array.from(collected.values(), ({ name, shape }) => {
    const theirs = referenceName(family, name), values = ourWeight(tensor(theirs));
    if (values.shape.join() !== shape.join()) {
      throw new Error(`${theirs} is [${values.shape}] where ${name} is [${shape}]`);
    }
    return [prefix + name, values.data];
  });
}

/** The variables of `fitnets`' regressor by the names of the references' ConvReg. */
export const regressorNames: Readonly<Record<string, string>> = {
  "conv.weight": "method.regressor.0.0.weight",
  "conv.bias": "method.regressor.0.0.bias",
  "bn.weight": "method.regressor.0.1.scale",
  "bn.bias": "method.regressor.0.1.offset",
  "bn.running_mean": "method.regressor.0.1.mean",
  "bn.running_var": "method.regressor.0.1.variance",
};
