/** Every network of the references that Retort has: outputs, taps, statistics and gradients on the references' weights. */
import { assert, assertEquals } from "@std/assert";
import type { Tensor } from "../lib/tensor.ts";
import type { Distiller } from "../lib/distiller.ts";
import type { Engine } from "../lib/engine.ts";
import { passes } from "../lib/layers.ts";
import type { Player, Scorer } from "../lib/network.ts";
import { openEngine } from "../lib/open_engine.ts";
import { referenceName } from "../lib/reference_names.ts";
import type { Traced } from "../lib/step.ts";
import { constant, sizeOf } from "../lib/variables.ts";
import { type Cast, cast, firstStep } from "./cast.ts";
import { type Golden, goldens, type Numbers } from "./goldens.ts";
import { ourMap, ourWeight, theirMap } from "./layout.ts";
import { recipe, type Role } from "./recipe.ts";
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

/** A weight or statistic by its name: from the file, else by the recipe. */
function state({ facts, has, tensor }: Golden<Model>): (name: string) => Numbers {
  const norms = new Set(facts.bn_order.map(layerOf));
  return (name) => {
    if (has(`sd.${name}`)) return tensor(`sd.${name}`);
    const kind = name.endsWith(".bias") ? "bias" : "weight";
    const role: Role = norms.has(layerOf(name)) ? `norm.${kind}` : kind;
    return recipe(facts.seed, name, facts.param_shapes[name], role);
  };
}

function layerOf(name: string): string {
  return name.slice(0, name.lastIndexOf("."));
}

/** The batch of images and their classes. */
function batchOf({ facts, has, tensor, integers }: Golden<Model>): { image: Numbers; label: Int32Array } {
  const [, name] = facts.input.match(/'(input\d+)'/)!;
  const shape = has("in.x") ? tensor("in.x").shape : facts.sampled["in.x"];
  const made = recipe(facts.seed, name, shape, "image");
  if (has("in.x")) assertEquals(made, tensor("in.x"), "the recipe's images");
  return { image: ourMap(made), label: integers("in.y") };
}

/** The recipe gives the very bits that are in the file. */
function checkRecipe({ facts, has, tensor }: Golden<Model>): void {
  const bare = { facts, has: (name: string) => !facts.param_order.includes(name.slice(3)) && has(name), tensor };
  for (const name of facts.param_order) {
    if (has(`sd.${name}`)) {
      assertEquals(state(bare as Golden<Model>)(name), tensor(`sd.${name}`), `the recipe's ${name}`);
    }
  }
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

/** Taps by the running statistics, through a network's frozen pass. */
async function checkEvaluation(golden: Golden<Model>, engine: Engine, made: Cast, player: Player): Promise<void> {
  const { image } = batchOf(golden), names = Object.keys(player.shapes), logits = names.pop()!;
  const traced: Traced<"image"> = ({ image }) => {
    const { taps, pre } = player.run(image, passes().frozen) as {
      taps: Record<string, Tensor>;
      pre: Record<string, Tensor>;
    };
    const values = names.flatMap((name, i) => [[`eval.post.f${i}`, taps[name]], [`eval.pre.f${i}`, pre[name]]]);
    return { values: { ...Object.fromEntries(values), "eval.logits": taps[logits] }, updates: [] };
  };
  await engine.hold([...made.collected.values()]);
  const values = await engine.compile(traced)({ image });
  const shapes = player.shapes as Record<string, readonly number[]>, batch = image.shape[0];
  const map = (name: string, tap: string): Numbers => ({ shape: [batch, ...shapes[tap]], data: values[name] });
  assertMap("eval.logits", map("eval.logits", logits), golden);
  names.forEach((tap, i) => {
    assertMap(`eval.post.f${i}`, map(`eval.post.f${i}`, tap), golden);
    if (!golden.facts.pre_equals_post.includes(`f${i}`)) {
      return assertMap(`eval.pre.f${i}`, map(`eval.pre.f${i}`, tap), golden);
    }
    assertEquals(values[`eval.pre.f${i}`], values[`eval.post.f${i}`], `f${i} before and after its ReLU`);
  });
}

/** One training forward and backward: logits, loss, statistics, gradients. */
async function checkTraining(
  golden: Golden<Model>,
  engine: Engine,
  made: Cast,
  { family }: ReferenceNetwork,
): Promise<void> {
  const { image, label } = batchOf(golden), { facts, has, tensor } = golden, error = facts.fp32_vs_fp64_rel_err;
  const step = await firstStep(engine, made, image, label);
  assertNear("train.ce", step.values.loss, tensor("train.ce").data, tolerance(error.train_logits));
  assertNear("train.logits", step.after("method.logits"), tensor("train.logits").data, tolerance(error.train_logits));

  const far: string[] = [],
    limit = error.grad_max > 1e-4 ? Math.max(1e-4, 5 * error.grad_median) : tolerance(error.grad_max);
  const golds = { l2: tensor("grad.l2").data, sum: tensor("grad.sum").data, absmax: tensor("grad.absmax").data };
  const largest = Math.max(...golds.l2);
  let parameters = 0;
  for (const { name, shape, trainable } of made.student.variables) {
    const theirs = referenceName(family, name.slice("student.".length)), ours = step.after(name);
    if (!trainable) {
      assertNear(theirs, ours, tensor(`train.bn.${theirs}`).data, tolerance(error.train_bn));
      continue;
    }
    const i = facts.param_order.indexOf(theirs);
    assert(i >= 0, `${theirs} is no parameter of the reference`);
    parameters++;
    if (isCancelled(name, made)) {
      assert(norm(ours) < 1e-5 * largest, `the gradient of ${theirs}, whose norm takes it away, is ${norm(ours)}`);
      continue;
    }
    const off = [
      distance([norm(ours)], [golds.l2[i]]),
      distance([ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0)], [golds.absmax[i]]),
      // Elements of either sign cancel in their sum: it is as exact as all of them together.
      Math.abs(ours.reduce((a, b) => a + b, 0) - golds.sum[i]) / (golds.l2[i] * Math.sqrt(sizeOf(shape))),
      ...(has(`grad.full.${theirs}`) ? [distance(ours, ourWeight(tensor(`grad.full.${theirs}`)).data)] : []),
    ];
    if (Math.max(...off) > limit) far.push(`${theirs}: ${off.map((value) => value.toExponential(2))}`);
  }
  assertEquals(parameters, facts.param_order.length, "parameter tensors");
  const allowed = error.grad_max > 1e-4 ? 0.05 * parameters : 0;
  assert(far.length <= allowed, `gradients more than ${limit.toExponential(2)} away:\n${far.join("\n")}`);
}

/** Whether this is the bias of a convolution with a batch norm behind it: the batch's mean takes it away again. */
function isCancelled(variable: string, { collected }: Cast): boolean {
  return variable.endsWith(".bias") && collected.has(variable.replace(/bias$/, "norm.scale"));
}

await goldens<Model>("models", [[/^(resnet|vgg)\d+(x4)?$/, async (golden) => {
  const { facts } = golden, [, name] = facts.source.match(/dict\['(\w+)'\]/i)!;
  const network = referenceNetwork(name), classes = facts.num_classes;
  const image = [...facts.input_hw, batchOf(golden).image.shape[3]];
  checkRecipe(golden);
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
  // Pixels here are the golden inputs themselves.
  assertEquals(made.student.parameters, facts.params);
  const { engine } = await openEngine();
  try {
    await checkEvaluation(golden, engine, made, made.student);
    await checkEvaluation(golden, engine, made, made.teacher as Player);
    await checkTraining(golden, engine, made, network);
  } finally {
    engine.close();
  }
}]], laterNetworks);
