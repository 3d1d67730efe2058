/** Checks of the parts of the networks: ops, stochastic depth, positions, sizes. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { StepFunction } from "../../../lib/engine/engine.ts";
import type { Tensor } from "../../../lib/kernels/tensor.ts";
import { vit } from "../../../lib/networks/vit.ts";
import { attend, selfAttention } from "../../../lib/nn/attention.ts";
import { conv } from "../../../lib/nn/conv.ts";
import { description } from "../../../lib/nn/description.ts";
import { dropPath, dropPathRates } from "../../../lib/nn/drop_path.ts";
import { geluOp } from "../../../lib/kernels/gelu.ts";
import { layerNormOp } from "../../../lib/kernels/layer_norm.ts";
import { dense, gelu, seq } from "../../../lib/nn/layers.ts";
import { logSoftmax, softmax } from "../../../lib/nn/ops.ts";
import type { Pass } from "../../../lib/nn/pass.ts";
import { type Grid, resizePositions } from "../../../lib/nn/positions.ts";
import type { Stage } from "../../../lib/nn/stage.ts";
import { type Shape, type Variable, type Variables, variables } from "../../../lib/nn/variables.ts";
import { referenceName } from "../../../lib/weights/names.ts";
import { type Kind, open } from "../../support/engines.ts";
import type { Check, Golden, Numbers } from "../../support/goldens.ts";
import { ourMap, ourWeight } from "../../support/layout.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";
import { imageOf, keeping, type VitArgs, vitOf } from "../../support/vit.ts";

/** The JSON of a case, whose other members its check reads. */
interface GoldenMisc {
  readonly notes: string;
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number>>;
  readonly [fact: string]: unknown;
}

const KINDS: readonly Kind[] = ["compiled", "eager", "cpu"];

/** An op of its input and its parameters, all in our layout. */
type Op = (x: Tensor, parameters: readonly Tensor[]) => Tensor;

/** A pass in which variables have given values, in the order of their creation. */
function passWith(created: readonly Variable[], values: readonly Tensor[]): Pass {
  return {
    training: true,
    learns: () => true,
    read: (variable) => values[created.indexOf(variable)],
    remember: ({ name }) => {
      throw new Error(`${name} is remembered`);
    },
  };
}

/** Makes an op of a module, whose variables are the parameters in the order of their creation. */
function opOf(make: (create: Variables) => (x: Tensor, pass: Pass) => Tensor): Op {
  const collected = new Map<string, Variable>();
  const run = make(variables({ seed: 0, collected }));
  return (x, values) => run(x, passWith([...collected.values()], values));
}

/** The op of a case by its name. */
function opNamed(name: string, { facts, tensor }: Golden<GoldenMisc>): Op {
  const x = tensor(`${name}.x`).shape;
  const y = tensor(`${name}.y`).shape;
  const [, epsilon] = name.match(/^layer_norm_(\d+e-\d+)/) ?? [];
  if (epsilon) return (x, [scale, offset]) => layerNormOp(x, scale, offset, Number(epsilon));
  if (name.startsWith("gelu_erf")) return geluOp;
  if (name.startsWith("softmax_attention")) return (q, [k, v]) => attend(q, k, v).out;
  if (name.startsWith("log_softmax")) return (x) => logSoftmax(x);
  if (name.startsWith("softmax")) return (x) => softmax(x);
  const tokens: Shape = x.slice(1);
  const heads = Number(facts.notes.match(/attention: timm's module, dim \d+, (\d+) heads/)![1]);
  if (name === "attention") {
    return opOf((create) => {
      const attention = selfAttention(heads)(create, tokens);
      return (x, pass) => attention(x, pass).out;
    });
  }
  if (name === "mlp") {
    const inner = tensor(`${name}.p0`).shape[0];
    return opOf((create) => seq(dense(inner), gelu(), dense(y[2]))(create, tokens));
  }
  if (name === "patch_embed") {
    const [channels, , patch] = tensor(`${name}.p0`).shape;
    const options = { kernel: patch, stride: patch, padding: 0, bias: true };
    return opOf((create) => {
      const cut = conv(channels, options)(create, ourMap(tensor(`${name}.x`)).shape.slice(1));
      return (x, pass) => tf.reshape(cut(x, pass), [...y]);
    });
  }
  if (name === "block") return blockOp(tokens, heads, facts.block_params as string[]);
  throw new Error(`no check matches ${name}`);
}

/** A block of a transformer, whose parameters have timm's `names` below those of the block. */
function blockOp([tokens, width]: Shape, heads: number, names: readonly string[]): Op {
  // A row of patches after the class token.
  const recipe = vit({ patch: 1, depth: 1, width, heads });
  const stages: Readonly<Record<string, Stage>> = recipe.stages(1, [1, tokens - 1, 1]);
  const collected = new Map<string, Variable>();
  const create = variables({ seed: 0, collected });
  const [attention, branch] = ["attention1", "block1"].map((name) =>
    stages[name](create.in(name), [tokens, width])
  );
  const created = [...collected.values()];
  return (x, parameters) => {
    const values = created.map(({ name }) =>
      parameters[names.indexOf(referenceName(recipe, name).slice("blocks.0.".length))]
    );
    const pass = passWith(created, values);
    return branch(attention(x, pass).next!, pass).next!;
  };
}

/** Checks values and gradients of Σ cos(i) · y(i) where i counts the elements of an op's output. */
async function checkOp(golden: Golden<GoldenMisc>, name: string): Promise<void> {
  const { facts, tensor, has } = golden;
  const op = opNamed(name, golden);
  // Keys and values have four dimensions like a convolution's weights.
  const ours = name.startsWith("softmax") ? (value: Numbers) => value : ourWeight;
  const parameters: Numbers[] = [];
  while (has(`${name}.p${parameters.length}`)) {
    parameters.push(ours(tensor(`${name}.p${parameters.length}`)));
  }
  const x = tensor(`${name}.x`);
  const inputs = [name === "patch_embed" ? ourMap(x) : x, ...parameters];
  const named = Object.fromEntries(inputs.map((input, i) => [`input${i}`, input]));
  const traced: StepFunction<string> = (given) => {
    const tensors = inputs.map((_, i) => given[`input${i}`]);
    const size = tensor(`${name}.y`).data.length;
    const cosines = tf.tensor1d(Array.from({ length: size }, (_, i) => Math.cos(i)));
    const [first, ...rest] = tensors;
    const gradients = tf.grads((x, ...parameters) =>
      tf.sum(tf.mul(tf.reshape(op(x, parameters), [size]), cosines)) as Tensor
    )([first, ...rest]);
    const values = Object.fromEntries(gradients.map((value, i) => [`gradient${i}`, value]));
    return { values: { y: op(first, rest), ...values }, updates: [] };
  };
  const limit = (part: string) => tolerance(facts.fp32_vs_fp64_rel_err[`${name}.${part}`]);
  for (const kind of KINDS) {
    const engine = await open(kind);
    const values = await engine.compile(traced)(named);
    engine.close();
    const check = (part: string, found: ArrayLike<number>, layout: (value: Numbers) => Numbers) =>
      assertNear(
        `${kind}: ${name}.${part}`,
        found,
        layout(tensor(`${name}.${part}`)).data,
        limit(part),
      );
    check("y", values.y, (y) => y);
    check("gx", values.gradient0, name === "patch_embed" ? ourMap : (x) => x);
    parameters.forEach((_, i) => check(`gp${i}`, values[`gradient${i + 1}`], ours));
  }
}

async function checkOps(golden: Golden<GoldenMisc>): Promise<void> {
  const names = golden.names().flatMap((name) => name.endsWith(".x") ? [name.slice(0, -2)] : []);
  for (const name of names) await checkOp(golden, name);
}

async function checkDropPath({ facts, tensor }: Golden<GoldenMisc>): Promise<void> {
  const [x, keep] = ["in.x", "in.keep"].map(tensor);
  const rate = facts.rate as number;
  const drop = dropPath(rate)(variables({ seed: 0, collected: new Map() }), x.shape.slice(1));
  const traced: StepFunction<"x" | "keep"> = ({ x, keep }) => {
    const pass = passWith([], []);
    // What is fed cannot be fetched as it is.
    const whole = drop(tf.add(x, 0), pass);
    return {
      values: { y: drop(x, { ...pass, random: keeping(keep) }), eval: whole },
      updates: [],
    };
  };
  for (const kind of KINDS) {
    const engine = await open(kind);
    const values = await engine.compile(traced)({ x, keep });
    engine.close();
    assertNear(`${kind}: y`, values.y, tensor("out.y").data, tolerance(0));
    assertNear(`${kind}: eval`, values.eval, tensor("out.eval").data, 0);
  }
  const lists = Object.entries(facts.rates as Record<string, number[]>);
  assert(lists.length > 0, "there are no rates");
  for (const [name, rates] of lists) {
    const [, rate, depth] = name.match(/^(\S+) of (\d+)$/)!.map(Number);
    assertNear(name, dropPathRates(rate, depth), rates, 1e-6);
  }
}

const WAYS = { plain: "deit", antialias: "timm" } as const;

function checkPositions({ facts, names, tensor }: Golden<GoldenMisc>): void {
  const { prefix, old, fp32_vs_fp64_rel_err: errors } = facts;
  const outs = names().filter((name) => name.startsWith("out."));
  assert(outs.length > 0, "nothing is resized");
  for (const name of outs) {
    const [, way, ...size] = name.match(/^out\.(plain|antialias)\.(\d+)x(\d+)$/)!;
    const made = resizePositions(
      tensor("in.pos").data,
      prefix as number,
      old as unknown as Grid,
      size.map(Number) as unknown as Grid,
      WAYS[way as keyof typeof WAYS],
    );
    assertNear(name, made, tensor(name).data, tolerance(errors[name]));
  }
}

/** The sizes of a network. */
interface Sizes extends VitArgs {
  readonly params: number;
  readonly layers: number;
  readonly with_attention: number;
}

function checkSizes({ facts }: Golden<GoldenMisc>): void {
  const networks = Object.entries(facts.networks as Record<string, Sizes>);
  assert(networks.length > 0, "there are no networks");
  for (const [name, args] of networks) {
    const { parameters, multiplyAdds, productMultiplyAdds } = description(
      vitOf(args),
      imageOf(args),
      args.num_classes,
    );
    assertEquals(parameters, args.params, name);
    assertEquals(multiplyAdds, args.with_attention, name);
    assertEquals(multiplyAdds - productMultiplyAdds, args.layers, name);
  }
}

/** Checks of these cases. */
export const network: readonly Check<GoldenMisc>[] = [
  [/^vit_ops$/, checkOps],
  [/^drop_path$/, checkDropPath],
  [/^pos_embed$/, checkPositions],
  [/^vit_sizes$/, checkSizes],
];
