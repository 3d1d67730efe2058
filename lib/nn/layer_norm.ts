import { layerNormOp } from "../kernels/layer_norm.ts";
import { type Layer, module } from "./layer.ts";
import { constant } from "./variables.ts";

/** Added to a variance before the square root, as in vision transformers. */
const EPSILON = 1e-6;

/** Layer normalisation along the last dimension (Ba et al., 2016), ε = 1e-6. */
export function layerNorm(): Layer {
  return (create, input) => {
    const channels = input.at(-1)!;
    const scale = create.variable("scale", [channels], constant(1));
    const offset = create.variable("offset", [channels], constant(0));
    return module(
      (x, pass) => layerNormOp(x, pass.read(scale), pass.read(offset), EPSILON),
      input,
    );
  };
}
