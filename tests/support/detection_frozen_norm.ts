/** The golden norm that never changes, after a convolution that passes its input on. */
import { assert } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { StepFunction } from "../../lib/engine/engine.ts";
import { frozenConvNorm } from "../../lib/nn/frozen_norm.ts";
import { passes } from "../../lib/nn/pass.ts";
import { type Variable, variables } from "../../lib/nn/variables.ts";
import { open } from "./engines.ts";
import type { Check, Golden } from "./goldens.ts";
import { ourMap } from "./layout.ts";
import { assertNear, tolerance } from "./tolerance.ts";

/** The JSON of the case. */
interface FrozenNorm {
  readonly eps: readonly number[];
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number>>;
}

/** The check of the case. */
export const frozenNorms: readonly Check<FrozenNorm>[] = [[
  /^ops_frozen_batch_norm$/,
  async (golden) => {
    for (const epsilon of golden.facts.eps) {
      for (const fixed of [false, true]) await check(golden, epsilon, fixed);
    }
  },
]];

/** The name of an ε in the names of tensors: `1e-5`. */
const nameOf = (epsilon: number): string =>
  epsilon === 0 ? "0" : epsilon.toExponential().replace(/e([+-])0*/, "e$1");

/** Compares values and gradients in a network that learns, and in a fixed one. */
async function check(
  { facts, tensor, names }: Golden<FrozenNorm>,
  epsilon: number,
  fixed: boolean,
): Promise<void> {
  const [x, dy] = ["in.x", "in.g"].map((name) => ourMap(tensor(name)));
  const channels = x.shape[3];
  const identity = Float32Array.from(
    { length: channels ** 2 },
    (_, i) => i % (channels + 1) === 0 ? 1 : 0,
  );
  const values = new Map([
    ["weight", identity],
    ["norm.scale", tensor("in.weight").data],
    ["norm.offset", tensor("in.bias").data],
    ["norm.mean", tensor("in.running_mean").data],
    ["norm.variance", tensor("in.running_var").data],
  ]);
  const collected = new Map<string, Variable>();
  const create = variables({ seed: 1, collected, values, fixed });
  const layer = frozenConvNorm(channels, { kernel: 1, epsilon })(create, x.shape.slice(1));
  const step: StepFunction<"x" | "dy"> = ({ x, dy }) => {
    const { live } = passes();
    const { value, grad } = tf.valueAndGrad((x) => layer(x as tf.Tensor, live))(x, dy);
    return { values: { out: value, "grad.x": grad }, updates: [] };
  };
  for (const kind of ["compiled", "cpu"] as const) {
    const engine = await open(kind);
    await engine.hold([...collected.values()]);
    const ours = await engine.compile(step)({ x, dy });
    engine.close();
    for (const what of ["out", "grad.x"] as const) {
      const name = `${what}.eps_${nameOf(epsilon)}`;
      assert(names().includes(name), `there is no ${name}`);
      const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
      assertNear(`${kind}: ${name}`, ours[what], ourMap(tensor(name)).data, limit);
    }
  }
}
