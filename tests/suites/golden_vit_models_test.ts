/** Outputs, taps and gradients of vision transformers on timm's weights. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Engine, StepFunction } from "../../lib/engine/engine.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import { layerNormOp } from "../../lib/kernels/layer_norm.ts";
import {
  logitsOutput,
  type Model,
  type Net,
  type Output,
  type Scorer,
} from "../../lib/nn/network.ts";
import { crossEntropy } from "../../lib/nn/ops.ts";
import { passes } from "../../lib/nn/pass.ts";
import { constant, type Shape } from "../../lib/nn/variables.ts";
import { referenceName } from "../../lib/weights/names.ts";
import { assembleStep, firstStep, type StepParts } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { type Golden, goldens, type Numbers } from "../support/goldens.ts";
import { ourMap, ourWeight } from "../support/layout.ts";
import { type Recipe, recipe, recipeWeight } from "../support/recipe.ts";
import { referenceValues } from "../support/reference_networks.ts";
import { assertSampled } from "../support/sampled.ts";
import { assertNear, norm, tolerance } from "../support/tolerance.ts";
import {
  imageOf,
  isDistilled,
  type Transformer,
  type VitArgs,
  vitOf,
  withDraws,
  zeroInTheory,
} from "../support/vit.ts";

/** The JSON of a transformer's case. */
interface VitFacts extends Recipe {
  readonly args: VitArgs;
  readonly batch: number;
  readonly input: string;
  readonly params: number;
  readonly sampled: Readonly<Record<string, readonly number[]>>;
  readonly param_order: readonly string[];
  readonly theoretically_zero: readonly string[];
  /** The rates of stochastic depth of the blocks, if a case has it. */
  readonly drop_path_rates?: readonly number[];
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number>>;
}

/** Finds a weight: in the file, where it must equal the recipe's, or by the recipe. */
function weight({ facts, has, tensor }: Golden<VitFacts>): (name: string) => Numbers {
  return (name) => {
    const made = recipeWeight(facts, name);
    if (has(`sd.${name}`)) assertEquals(made, tensor(`sd.${name}`), `the recipe's ${name}`);
    return made;
  };
}

/** Generates the batch of images by the recipe. */
function imagesOf({ facts, has, tensor }: Golden<VitFacts>): Numbers {
  const [, name] = facts.input.match(/'(input\d+)'/)!;
  const shape = [facts.batch, 3, ...facts.args.img_size];
  const made = recipe(facts.seed, name, shape, "image");
  if (has("in.x")) assertEquals(made, tensor("in.x"), "the recipe's images");
  return ourMap(made);
}

/** Finds our value of each golden one of an evaluation, by its name after `eval.`. */
function evaluated(
  name: string,
  { taps, next }: Output<Net>,
  model: Model<Net>,
): Tensor | undefined {
  const [, kind, number] = name.match(/^(post|attn)\.f(\d+)$/) ?? [];
  if (kind === "attn") return taps[`attention${number}`];
  if (kind === "post") return next[number === "0" ? "embedded" : `block${number}`];
  if (name === "normed") {
    const last = model.parts.pooled.map(({ value }) => value);
    return layerNormOp(next[`block${blocksOf(model)}`], last[0], last[1], 1e-6);
  }
  const head = { logits_cls: 0, logits_dist: 1 }[name];
  if (head !== undefined) return tf.squeeze(tf.gather(taps.heads, [head], 1), [1]);
  const ours = { "post.pooled": "pooled", dist: "distilled", logits: "logits" }[name];
  return ours === undefined ? undefined : taps[ours];
}

const blocksOf = ({ shapes }: Model<Net>): number =>
  Object.keys(shapes).filter((tap) => tap.startsWith("block")).length;

/** Checks logits, taps and attention in the frozen pass. */
async function checkEvaluation(
  golden: Golden<VitFacts>,
  engine: Engine,
  made: StepParts,
  model: Model<Net>,
): Promise<void> {
  const { facts } = golden;
  const names = [...new Set([...golden.names(), ...Object.keys(facts.sampled)])].flatMap((name) =>
    name.match(/^eval\.(.+?)(\.sample|\.stats)?$/)?.[1] ?? []
  );
  assert(names.includes("logits"), `${golden.name} has no logits`);
  const shapes = new Map<string, Shape>();
  const traced: StepFunction<"image"> = ({ image }) => {
    const output = model.run(image, passes().frozen) as Output<Net>;
    const values: Record<string, Tensor> = {};
    for (const name of names) {
      const value = evaluated(name, output, model);
      if (!value) throw new Error(`no check matches eval.${name} of ${golden.name}`);
      values[name] = value;
      shapes.set(name, value.shape);
    }
    return { values, updates: [] };
  };
  await engine.hold([...made.collected.values()]);
  const values = await engine.compile(traced)({ image: imagesOf(golden) });
  for (const name of names) {
    const ours = { shape: [...shapes.get(name)!], data: values[name] };
    assertSampled(`eval.${name}`, ours, golden, tolerance(facts.fp32_vs_fp64_rel_err.eval));
  }
}

/** Makes a method that trains on labels and keeps the logits in a memory. */
function oneLoss(batch: number): Distiller<Scorer, Scorer> {
  return {
    id: "one",
    options: {},
    build({ create, student }) {
      const logits = create.memory("logits", [batch, ...student.shapes.logits], constant(0));
      return ({ student, task }) => ({
        terms: { ce: [1, task(student)] },
        writes: [[logits, student.taps.logits]],
      });
    },
  };
}

/**
 * Makes a method that trains the class head on the labels and the other head on `others`, half
 * each, and keeps the logits of both in memories.
 */
function twoLosses(batch: number, others: Int32Array): Distiller<Net<"heads" | "logits">, Scorer> {
  return {
    id: "two",
    options: {},
    build({ create, student }) {
      const shape = [batch, ...student.shapes.logits];
      const memories = ["logits_cls", "logits_dist"].map((name) =>
        create.memory(name, shape, constant(0))
      );
      return ({ student: { taps }, task }) => {
        const logits = tf.unstack(taps.heads, 1);
        const other = tf.oneHot(tf.tensor1d(others, "int32"), shape[1], 1, 0, "float32");
        const ce_cls = task(logitsOutput(logits[0]));
        const ce_dist = crossEntropy(logits[1], other);
        return {
          terms: { ce_cls: [0.5, ce_cls], ce_dist: [0.5, ce_dist] },
          writes: memories.map((memory, i) => [memory, logits[i]]),
        };
      };
    },
  };
}

/** What a step of a case gives: the gradients' name, where its other values are, and its method. */
interface Training {
  readonly gradients: "grad" | "grad_two" | "grad_droppath";
  readonly values: "train" | "train.droppath";
  readonly loss: "ce" | "ce_two";
  readonly logits: readonly string[];
}

const PLAIN: Training = { gradients: "grad", values: "train", loss: "ce", logits: ["logits"] };
const TWO: Training = {
  gradients: "grad_two",
  values: "train",
  loss: "ce_two",
  logits: ["logits_cls", "logits_dist"],
};
const DROPPING: Training = { ...TWO, gradients: "grad_droppath", values: "train.droppath" };

/** Checks one forward and backward pass of training: logits, losses, gradients. */
async function checkTraining(
  golden: Golden<VitFacts>,
  engine: Engine,
  made: StepParts,
  network: Transformer,
  training: Training,
): Promise<void> {
  const { facts, tensor, has } = golden;
  const { values, loss, logits } = training;
  const limit = tolerance(facts.fp32_vs_fp64_rel_err.train_logits);
  const step = await firstStep(engine, made)(imagesOf(golden), golden.integers("in.y"));
  assertNear(`${values}.${loss}`, step.values.loss, tensor(`${values}.${loss}`).data, limit);
  for (const name of logits) {
    const ours = step.after(`distiller.${name}`);
    assertNear(`${values}.${name}`, ours, tensor(`${values}.${name}`).data, limit);
  }
  for (const [name, [half]] of Object.entries(step.values.terms)) {
    const golden = `${values}.${name}`;
    if (name !== loss && has(golden)) assertNear(golden, [2 * half], tensor(golden).data, limit);
  }
  checkGradients(golden, made, network, step.after, training.gradients);
}

/** Checks the norm of each parameter's gradient, and the gradients that the file has. */
function checkGradients(
  golden: Golden<VitFacts>,
  made: StepParts,
  network: Transformer,
  after: (variable: string) => Float32Array,
  of: Training["gradients"],
): void {
  const { facts, tensor, names } = golden;
  const limit = tolerance(facts.fp32_vs_fp64_rel_err[`${of}_max`]);
  const trainable = made.student.variables.filter(({ trainable }) => trainable);
  const zero = zeros(facts, of);
  const ours = new Map(trainable.map(({ name }) => {
    const theirs = referenceName(network, name.slice("student.".length));
    return [theirs, zero(theirs, after(name))];
  }));
  assertEquals([...ours.keys()].sort(), [...facts.param_order].sort());
  const tables = { l2: norm, sum: sumOf, absmax: largestOf };
  for (const [table, measure] of Object.entries(tables)) {
    const theirs = tensor(`${of}.${table}`).data;
    const sizes = tensor(`${of}.l2`).data;
    facts.param_order.forEach((name, i) => {
      const values = ours.get(name)!;
      // A sum of many may cancel: what counts is how far one gradient is from the other.
      const unit = table === "sum" ? Math.sqrt(values.length) * sizes[i] : theirs[i];
      const off = Math.abs(measure(values) - theirs[i]) / (unit || 1);
      assert(off <= limit, `${of}.${table} of ${name}: ${off} away, ${limit} allowed`);
    });
  }
  const full = names().flatMap((name) =>
    name.match(new RegExp(`^${of}\\.full\\.(.+?)(\\.sample|\\.stats)?$`))?.[1] ?? []
  );
  assert(full.length > 0, `${golden.name} has no whole gradient of ${of}`);
  for (const name of new Set(full)) {
    const shape = facts.param_shapes[name];
    const whole = theirWeight(shape, ours.get(name)!);
    assertSampled(`${of}.full.${name}`, { shape: [...shape], data: whole }, golden, limit);
  }
}

const sumOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0);
const largestOf = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Converts a weight of this shape in PyTorch's layout from ours to that layout. */
function theirWeight(shape: readonly number[], data: Float32Array): Float32Array {
  const places = ourWeight({
    shape,
    data: Float32Array.from(data, (_, i) => i),
  }).data;
  const out = new Float32Array(data.length);
  places.forEach((place, i) => out[place] = data[i]);
  return out;
}

/** Sets what a case names as zero in theory to 0 in a parameter's gradient. */
function zeros({ theoretically_zero }: VitFacts, of: Training["gradients"]) {
  const named = zeroInTheory(theoretically_zero.filter((line) => line.startsWith(`${of}: `)));
  return (name: string, values: Float32Array): Float32Array => {
    const isZero = named(name);
    return isZero ? values.map((value, i) => isZero(i) ? 0 : value) : values;
  };
}

/** Makes a student and a fixed teacher with the case's weights. */
function assemble<N extends Transformer>(
  golden: Golden<VitFacts>,
  network: N,
  distiller: Distiller<N, N>,
): StepParts {
  const { args } = golden.facts;
  const image = imageOf(args);
  const values = ["student.", "teacher1."].flatMap((prefix) =>
    referenceValues(network, prefix, image, args.num_classes, weight(golden))
  );
  return assembleStep({
    student: network,
    teacher: network,
    distiller,
    image,
    classes: args.num_classes,
    values: new Map(values),
  });
}

await goldens<VitFacts>("vit/models", [[/./, async (golden) => {
  const { args, batch, params, drop_path_rates: rates } = golden.facts;
  const network = vitOf(args);
  const made = assemble(golden, network, oneLoss(batch));
  assertEquals(made.student.parameters, params);
  const engine = await open("compiled");
  try {
    await checkEvaluation(golden, engine, made, made.student);
    await checkEvaluation(golden, engine, made, made.teacher as Model);
    await checkTraining(golden, engine, made, network, PLAIN);
    if (!isDistilled(args)) return;
    const method = twoLosses(batch, golden.integers("in.y_dist"));
    const both = vitOf(args);
    await checkTraining(golden, engine, assemble(golden, both, method), both, TWO);
    if (!rates) return;
    const keep = golden.tensor("in.drop_path.keep");
    const dropping = withDraws(
      vitOf(args, rates.at(-1)),
      (block, branch) =>
        tf.slice(tf.tensor(keep.data, [...keep.shape]), [block, branch, 0], [1, 1, batch]),
    );
    const dropped = assemble(golden, dropping, method);
    await checkTraining(golden, engine, dropped, dropping, DROPPING);
  } finally {
    engine.close();
  }
}]]);
