/** Every network of the references that Retort has: outputs, taps, statistics and gradients on the references' weights. */
import { assertEquals } from "@std/assert";
import type { Tensor } from "../lib/tensor.ts";
import type { Distiller } from "../lib/distiller.ts";
import type { Engine } from "../lib/engine.ts";
import { passes } from "../lib/layers.ts";
import type { Net, Output, Player, Scorer } from "../lib/network.ts";
import { referenceName } from "../lib/reference_names.ts";
import type { Traced } from "../lib/step.ts";
import { constant, type Shape } from "../lib/variables.ts";
import { assertNearInSomeDraw, moved } from "./draws.ts";
import { open } from "./engines.ts";
import { type Cast, cast, type FirstStep, firstStep } from "./cast.ts";
import { type Golden, goldens, type Numbers } from "./goldens.ts";
import { ourMap, ourWeight, theirMap } from "./layout.ts";
import { recipe } from "./recipe.ts";
import { laterNetworks, type ReferenceNetwork, referenceNetwork, referenceValues } from "./reference_networks.ts";
import { assertNear, distance, norm, tolerance } from "./tolerance.ts";

/** What the JSON of a network's case says. */
interface Model {
  readonly source: string;
  readonly seed: number;
  readonly num_classes: number;
  readonly batch: number;
  readonly input_hw: readonly [number, number];
  readonly input: string;
  readonly params: number;
  readonly sampled: Readonly<Record<string, readonly number[]>>;
  readonly pre_equals_post: readonly string[];
  readonly param_order: readonly string[];
  readonly param_shapes: Readonly<Record<string, readonly number[]>>;
  readonly bn_order: readonly string[];
  readonly fp32_vs_fp64_rel_err: Readonly<
    Record<"eval" | "train_logits" | "train_bn" | "grad_max" | "grad_median", number>
  >;
}

/** Training on labels that remembers the logits. */
function remembering(batch: number): Distiller<Scorer, Scorer> {
  return {
    id: "remembering",
    options: {},
    build({ create, student }) {
      const logits = create.memory("logits", [batch, ...student.shapes.logits], constant(0));
      return ({ student, task }) => ({
        terms: { task: [1, task(student)] },
        writes: [[logits, student.taps.logits]],
      });
    },
  };
}

/** A weight by the recipe. */
function recipeWeight({ seed, bn_order, param_shapes }: Model, name: string): Numbers {
  const kind = name.endsWith(".bias") ? "bias" : "weight";
  const isNorm = bn_order.includes(`${name.slice(0, name.lastIndexOf("."))}.running_mean`);
  return recipe(seed, name, param_shapes[name], isNorm ? `norm.${kind}` : kind);
}

/** A weight or statistic by its name: from the file where it is there, which must be what the recipe makes, else by the recipe. */
function state({ facts, has, tensor }: Golden<Model>): (name: string) => Numbers {
  return (name) => {
    if (!has(`sd.${name}`)) return recipeWeight(facts, name);
    const there = tensor(`sd.${name}`);
    if (facts.param_order.includes(name)) assertEquals(recipeWeight(facts, name), there, `the recipe's ${name}`);
    return there;
  };
}

/** The batch of images, by the recipe, and their classes. */
function batchOf({ facts, has, tensor, integers }: Golden<Model>): { image: Numbers; label: Int32Array } {
  const [, name] = facts.input.match(/'(input\d+)'/)!;
  const made = recipe(facts.seed, name, has("in.x") ? tensor("in.x").shape : facts.sampled["in.x"], "image");
  if (has("in.x")) assertEquals(made, tensor("in.x"), "the recipe's images");
  return { image: ourMap(made), label: integers("in.y") };
}

/** Compares a map of ours with the golden one, which is a sample where it was too big. */
function assertMap(name: string, ours: Numbers, { has, tensor, facts }: Golden<Model>): void {
  const limit = tolerance(facts.fp32_vs_fp64_rel_err.eval), { shape, data } = theirMap(ours);
  if (has(name)) {
    assertEquals(shape, tensor(name).shape, name);
    return assertNear(name, data, tensor(name).data, limit);
  }
  assertEquals(shape, facts.sampled[name], name);
  const golden = tensor(`${name}.sample`).data, n = golden.length;
  assertNear(name, golden.map((_, i) => data[Math.floor(i * data.length / n)]), golden, limit);
  assertNear(`${name}, its L2 norm`, [norm(data)], [tensor(`${name}.stats`).data[4]], limit);
}

/** Logits and taps by the running statistics, through a network's frozen pass; with `pre` those before the last ReLU too. */
async function checkEvaluation(
  golden: Golden<Model>,
  engine: Engine,
  made: Cast,
  player: Player,
  pre: boolean,
): Promise<void> {
  const { image } = batchOf(golden), names = Object.keys(player.shapes), logits = names.pop()!;
  const traced: Traced<"image"> = ({ image }) => {
    const output = player.run(image, passes().frozen) as Output<Net>, values: Record<string, Tensor> = {};
    names.forEach((name, i) => {
      values[`eval.post.f${i}`] = output.taps[name];
      if (pre) values[`eval.pre.f${i}`] = output.pre[name];
    });
    return { values: { ...values, "eval.logits": output.taps[logits] }, updates: [] };
  };
  await engine.hold([...made.collected.values()]);
  const values = await engine.compile(traced)({ image });
  const shapes: Readonly<Record<string, Shape>> = player.shapes, batch = image.shape[0];
  const map = (name: string, tap: string): Numbers => ({ shape: [batch, ...shapes[tap]], data: values[name] });
  assertMap("eval.logits", map("eval.logits", logits), golden);
  names.forEach((tap, i) => {
    assertMap(`eval.post.f${i}`, map(`eval.post.f${i}`, tap), golden);
    // At the stem the references have one tap, after the ReLU; elsewhere, where there is no ReLU, the two are one.
    if (pre && !golden.facts.pre_equals_post.includes(`f${i}`)) {
      assertMap(`eval.pre.f${i}`, map(`eval.pre.f${i}`, tap), golden);
    }
  });
}

/** One training forward and backward: logits, loss, statistics, gradients. */
async function checkTraining(
  golden: Golden<Model>,
  engine: Engine,
  made: Cast,
  network: ReferenceNetwork,
): Promise<void> {
  const { image, label } = batchOf(golden), { facts, tensor } = golden, error = facts.fp32_vs_fp64_rel_err;
  const run = firstStep(engine, made), step = await run(image, label);
  assertNear("train.ce", step.values.loss, tensor("train.ce").data, tolerance(error.train_logits));
  assertNear("train.logits", step.after("method.logits"), tensor("train.logits").data, tolerance(error.train_logits));
  for (const { name, trainable } of made.student.variables) {
    const theirs = theirName(network, name);
    if (!trainable) assertNear(theirs, step.after(name), tensor(`train.bn.${theirs}`).data, tolerance(error.train_bn));
  }

  const isChaotic = error.grad_max > 1e-4;
  const limit = isChaotic ? Math.max(1e-4, 5 * error.grad_median) : tolerance(error.grad_max);
  await assertNearInSomeDraw(async (draw) => {
    const again = draw === 0 ? step : await run(image, label, moved(made.collected.values(), draw));
    return new Map(gradientsOff(golden, made, network, again, limit));
  }, isChaotic ? 0.05 * facts.param_order.length : 0);
}

/**
 * How far the norm of each parameter's gradient is off, as a share of `limit`, and the gradients themselves where the file
 * has them, as a share of the highest tolerance: the first layer's sees every tie there is.
 */
function gradientsOff(
  { facts, has, tensor }: Golden<Model>,
  made: Cast,
  network: ReferenceNetwork,
  step: FirstStep,
  limit: number,
): [string, number][] {
  const norms = tensor("grad.l2").data, largest = norms.reduce((a, b) => Math.max(a, b));
  const trainable = made.student.variables.filter((variable) => variable.trainable);
  assertEquals(trainable.map(({ name }) => theirName(network, name)).sort(), [...facts.param_order].sort());
  return trainable.flatMap(({ name }): [string, number][] => {
    const theirs = theirName(network, name), ours = step.after(name), full = `grad.full.${theirs}`;
    // The mean of the batch takes a bias before it away again: in truth its gradient is zero.
    if (name.endsWith(".bias") && made.collected.has(name.replace(/bias$/, "norm.scale"))) {
      return [[theirs, norm(ours) / largest / 1e-5]];
    }
    const off: [string, number] = [theirs, distance([norm(ours)], [norms[facts.param_order.indexOf(theirs)]]) / limit];
    return has(full) ? [off, [full, distance(ours, ourWeight(tensor(full)).data) / tolerance(Infinity)]] : [off];
  });
}

function theirName({ family }: ReferenceNetwork, variable: string): string {
  return referenceName(family, variable.slice("student.".length));
}

await goldens<Model>("models", [[/^(resnet|vgg)\d+(x4)?$/, async (golden) => {
  const { facts } = golden, [, name] = facts.source.match(/dict\['(\w+)'\]/i)!;
  const network = referenceNetwork(name), classes = facts.num_classes;
  const image = [...facts.input_hw, batchOf(golden).image.shape[3]];
  const values = ["student.", "teacher."].flatMap((prefix) =>
    referenceValues(network, prefix, image, classes, state(golden))
  );
  const made = cast({
    student: network.network,
    teacher: network.network,
    distiller: remembering(facts.batch),
    image,
    classes,
    values: new Map(values),
  });
  assertEquals(made.student.parameters, facts.params);
  const compiled = await open("compiled");
  try {
    await checkEvaluation(golden, compiled, made, made.student, false);
    await checkEvaluation(golden, compiled, made, made.teacher as Player, false);
    await checkTraining(golden, compiled, made, network);
  } finally {
    compiled.close();
  }
  // Op by op, because TensorFlow's grappler fuses convolution, bias, sum and ReLU without asking who else reads the sum.
  const eager = await open("eager");
  try {
    await checkEvaluation(golden, eager, made, made.student, true);
  } finally {
    eager.close();
  }
}]], laterNetworks);
