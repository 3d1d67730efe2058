/**
 * Outputs, taps, statistics and gradients of every network that Retort shares with the references,
 * on the references' weights.
 */
import { assertEquals } from "@std/assert";
import type { Engine, StepFunction } from "../../lib/engine/engine.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import type { Model, Net, Output, Scorer } from "../../lib/nn/network.ts";
import { passes } from "../../lib/nn/pass.ts";
import { constant, type Shape } from "../../lib/nn/variables.ts";
import { referenceName } from "../../lib/weights/names.ts";
import {
  assembleStep,
  type FirstStep,
  firstStep,
  type StepParts,
} from "../support/assemble_step.ts";
import { assertNearInSomeDraw, perturb } from "../support/draws.ts";
import { open } from "../support/engines.ts";
import { type Golden, goldens, type Numbers } from "../support/goldens.ts";
import { ourMap, ourWeight, theirMap } from "../support/layout.ts";
import { type Recipe, recipe, recipeWeight } from "../support/recipe.ts";
import { type Network, networkOf, referenceValues } from "../support/reference_networks.ts";
import { assertSampled } from "../support/sampled.ts";
import { assertNear, norm, tolerance } from "../support/tolerance.ts";

/** The JSON of a network's case. */
interface ModelFacts extends Recipe {
  readonly source: string;
  readonly num_classes: number;
  readonly batch: number;
  readonly input_hw: readonly [number, number];
  readonly input: string;
  readonly params: number;
  readonly sampled: Readonly<Record<string, readonly number[]>>;
  readonly pre_equals_post: readonly string[];
  readonly param_order: readonly string[];
  readonly fp32_vs_fp64_rel_err: Readonly<
    Record<"eval" | "train_logits" | "train_bn" | "grad_max" | "grad_median", number>
  >;
}

/** Makes a method that trains on labels and keeps the logits in a memory. */
function rememberLogits(batch: number): Distiller<Scorer, Scorer> {
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

/**
 * Finds a weight or statistic by its name: in the file, or by the recipe if the file lacks it. A
 * weight in the file must equal the recipe's.
 */
function state({ facts, has, tensor }: Golden<ModelFacts>): (name: string) => Numbers {
  return (name) => {
    if (!has(`sd.${name}`)) return recipeWeight(facts, name);
    const there = tensor(`sd.${name}`);
    if (facts.param_order.includes(name)) {
      assertEquals(recipeWeight(facts, name), there, `the recipe's ${name}`);
    }
    return there;
  };
}

/** Generates the batch of images by the recipe, with their classes. */
function batchOf(
  { facts, has, tensor, integers }: Golden<ModelFacts>,
): { image: Numbers; label: Int32Array } {
  const [, name] = facts.input.match(/'(input\d+)'/)!;
  const made = recipe(
    facts.seed,
    name,
    has("in.x") ? tensor("in.x").shape : facts.sampled["in.x"],
    "image",
  );
  if (has("in.x")) assertEquals(made, tensor("in.x"), "the recipe's images");
  return { image: ourMap(made), label: integers("in.y") };
}

/** Compares our map with the golden one. The file has a sample of a large map. */
function assertMap(name: string, ours: Numbers, golden: Golden<ModelFacts>): void {
  assertSampled(name, theirMap(ours), golden, tolerance(golden.facts.fp32_vs_fp64_rel_err.eval));
}

/**
 * Pairs the references' taps, `f0`, `f1` … and `pooled`, with ours. Both lists end with the same
 * tap. A reference may number the pooled tap too, and may have no tap for the stem.
 */
function tapsOf(
  { names }: Golden<ModelFacts>,
  { shapes }: Model,
): [theirs: string, ours: string][] {
  const theirs = [
    ...new Set(names().flatMap((name) => name.match(/^eval\.post\.(\w+)/)?.[1] ?? [])),
  ];
  const ours = Object.keys(shapes).filter((tap) => tap !== "logits").slice(-theirs.length);
  const order = (tap: string) => tap === "pooled" ? Infinity : Number(tap.slice(1));
  return theirs.sort((a, b) => order(a) - order(b)).map((tap, i) => [tap, ours[i]]);
}

/**
 * Checks logits and taps, before and after the last ReLU, in the frozen pass, which uses the
 * running statistics.
 */
async function checkEvaluation(
  golden: Golden<ModelFacts>,
  engine: Engine,
  made: StepParts,
  model: Model,
): Promise<void> {
  const { image } = batchOf(golden);
  const taps = tapsOf(golden, model);
  const traced: StepFunction<"image"> = ({ image }) => {
    const output = model.run(image, passes().frozen) as Output<Net>;
    const values: Record<string, Tensor> = {};
    for (const [theirs, ours] of taps) {
      values[`eval.post.${theirs}`] = output.taps[ours];
      values[`eval.pre.${theirs}`] = output.pre[ours];
    }
    return { values: { ...values, "eval.logits": output.taps.logits }, updates: [] };
  };
  await engine.hold([...made.collected.values()]);
  const values = await engine.compile(traced)({ image });
  const shapes: Readonly<Record<string, Shape>> = model.shapes;
  const batch = image.shape[0];
  const map = (name: string, tap: string): Numbers => ({
    shape: [batch, ...shapes[tap]],
    data: values[name],
  });
  assertMap("eval.logits", map("eval.logits", "logits"), golden);
  for (const [theirs, ours] of taps) {
    assertMap(`eval.post.${theirs}`, map(`eval.post.${theirs}`, ours), golden);
    // References with a single tap have the one after the ReLU.
    const pre = `eval.pre.${theirs}`;
    if (golden.has(pre) || pre in golden.facts.sampled) assertMap(pre, map(pre, ours), golden);
  }
}

/** Checks one forward and backward pass of training: logits, loss, statistics, gradients. */
async function checkTraining(
  golden: Golden<ModelFacts>,
  engine: Engine,
  made: StepParts,
  network: Network,
  t: Deno.TestContext,
): Promise<void> {
  const { image, label } = batchOf(golden);
  const { facts, tensor } = golden;
  const error = facts.fp32_vs_fp64_rel_err;
  const run = firstStep(engine, made);
  const step = await run(image, label);
  assertNear("train.ce", step.values.loss, tensor("train.ce").data, tolerance(error.train_logits));
  assertNear(
    "train.logits",
    step.after("distiller.logits"),
    tensor("train.logits").data,
    tolerance(error.train_logits),
  );
  for (const { name, trainable } of made.student.variables) {
    const theirs = theirName(network, name);
    if (!trainable) {
      assertNear(
        theirs,
        step.after(name),
        tensor(`train.bn.${theirs}`).data,
        tolerance(error.train_bn),
      );
    }
  }

  // Ties then matter more than rounding: the references' own float32 is off, and so our draws
  // differ from each other.
  const isChaotic = error.grad_max > 1e-4;
  const apart = new Map<string, number>();
  const limit = isChaotic ? Math.max(1e-4, 5 * error.grad_median) : tolerance(error.grad_max);
  const first = gradients(golden, made, network, step, limit);
  await assertNearInSomeDraw(
    t,
    async (draw) => {
      const again = draw === 0
        ? step
        : await run(image, label, perturb(made.collected.values(), draw));
      return new Map(
        gradients(golden, made, network, again, limit).map(({ name, ours, golden, unit }, i) => {
          const fromFirst = norm(ours.map((value, at) => value - first[i].ours[at])) / unit;
          apart.set(
            name,
            Math.max(apart.get(name) ?? 0, Math.min(fromFirst, isChaotic ? Infinity : 10)),
          );
          return [name, norm(ours.map((value, at) => value - golden[at])) / unit];
        }),
      );
    },
    { most: isChaotic ? 0.05 * facts.param_order.length : 0, apart },
  );
}

/** Two values of a gradient to compare, and the unit of their distance. */
interface Compared {
  readonly name: string;
  readonly ours: Float32Array;
  readonly golden: Float32Array;
  readonly unit: number;
}

/**
 * Lists the norm of each parameter's gradient, which may differ by the share `limit`, and the
 * gradients that the file has, with the highest tolerance, because every tie affects the first
 * layer's.
 */
function gradients(
  { facts, has, tensor }: Golden<ModelFacts>,
  made: StepParts,
  network: Network,
  step: FirstStep,
  limit: number,
): Compared[] {
  const norms = tensor("grad.l2").data;
  const largest = norms.reduce((a, b) => Math.max(a, b));
  const trainable = made.student.variables.filter((variable) => variable.trainable);
  assertEquals(
    trainable.map(({ name }) => theirName(network, name)).sort(),
    [...facts.param_order].sort(),
  );
  return trainable.flatMap((variable): Compared[] => {
    const name = theirName(network, variable.name);
    const ours = step.after(variable.name);
    const full = `grad.full.${name}`;
    const size = norms[facts.param_order.indexOf(name)];
    const l2 = { name, ours: Float32Array.of(norm(ours)) };
    // The batch's mean cancels a bias before it: the exact gradient is zero, the golden one is
    // rounding.
    if (size < 1e-9 * largest) return [{ ...l2, golden: Float32Array.of(0), unit: 1e-5 * largest }];
    const compared = { ...l2, golden: Float32Array.of(size), unit: limit * size };
    if (!has(full)) return [compared];
    const golden = ourWeight(tensor(full)).data;
    return [compared, { name: full, ours, golden, unit: tolerance(Infinity) * norm(golden) }];
  });
}

function theirName(network: Network, variable: string): string {
  return referenceName(network, variable.slice("student.".length));
}

await goldens<ModelFacts>("models", [[/./, async (golden, t) => {
  const { facts } = golden;
  const network = networkOf(facts.source);
  const classes = facts.num_classes;
  const image = [...facts.input_hw, batchOf(golden).image.shape[3]];
  const values = ["student.", "teacher1."].flatMap((prefix) =>
    referenceValues(network, prefix, image, classes, state(golden))
  );
  const made = assembleStep({
    student: network,
    teacher: network,
    distiller: rememberLogits(facts.batch),
    image,
    classes,
    values: new Map(values),
  });
  assertEquals(made.student.parameters, facts.params);
  const engine = await open("compiled");
  try {
    await checkEvaluation(golden, engine, made, made.student);
    await checkEvaluation(golden, engine, made, made.teacher as Model);
    await checkTraining(golden, engine, made, network, t);
  } finally {
    engine.close();
  }
}]]);
