/** SGD, schedules, accuracy, augmentation and single ops as PyTorch computes them. */
import { alone } from "../support/alone.ts";
import { assert } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cifar100 } from "../../datasets/cifar.ts";
import { schedule as cifar100Schedule } from "../../experiments/shared/cifar100.ts";
import { augment, normalisePixels } from "../../lib/data/augment.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import type { StepFunction } from "../../lib/engine/engine.ts";
import type { Distiller, Loss, Teachers } from "../../lib/experiment/distiller.ts";
import { conv, transposedConv } from "../../lib/nn/conv.ts";
import type { Layer } from "../../lib/nn/layer.ts";
import { maxPool } from "../../lib/nn/layers.ts";
import { buildModel, type Net } from "../../lib/nn/network.ts";
import { norm } from "../../lib/nn/norm.ts";
import { constant, type Variable, variables } from "../../lib/nn/variables.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { evaluateStep } from "../../lib/training/evaluate_step.ts";
import { trainStep } from "../../lib/training/step.ts";
import { assembleStep, firstStep, stepInputs } from "../support/assemble_step.ts";
import { type Kind, open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { type Golden, goldens, type Numbers } from "../support/goldens.ts";
import { ourMap, ourWeight } from "../support/layout.ts";
import { scriptedRandom } from "../support/scripted_random.ts";
import { assertNear, tolerance } from "../support/tolerance.ts";

/** The JSON of a case. A schedule's case has lists of learning rates. */
interface Misc {
  readonly source: string;
  readonly notes: string;
  readonly [list: string]: unknown;
}

const KINDS: readonly Kind[] = ["compiled", "cpu"];
const LIMIT = tolerance(0);

async function checkSgd(golden: Golden<Misc>): Promise<void> {
  for (const [name, nesterov] of [["sgd", false], ["nesterov", true]] as const) {
    await checkMomentum(golden, name, nesterov);
  }
}

/**
 * Checks SGD with gradients that are the pixels of an image: the loss is the sum of the variables
 * times the pixels.
 */
async function checkMomentum(
  { facts, tensor, has }: Golden<Misc>,
  name: string,
  nesterov: boolean,
): Promise<void> {
  const [, lr, later, from, momentum, weightDecay] = facts.notes
    .match(/lr (\S+) then (\S+) from step (\d+); momentum (\S+); wd (\S+);/)!.map(Number);
  const [, ...skipped] = facts.notes.match(/q has no gradient at steps (\d+) and (\d+)/)!.map(
    Number,
  );
  for (const kind of KINDS) {
    const collected = new Map<string, Variable>();
    const initial = { p: tensor("p0").data, q: tensor("q0").data };
    const create = variables({ seed: 1, collected, values: new Map(Object.entries(initial)) });
    const p = create.variable("p", [initial.p.length], constant(0));
    const q = create.variable("q", [initial.q.length], constant(0));
    const student = buildModel(
      networkOfVariables({ logits: [1, 2] }),
      create.in("student"),
      [1],
      2,
    );
    const trainable = [p, q];
    const pixels = initial.p.length + initial.q.length;
    const sum = (variable: Variable, gradient: tf.Tensor) =>
      tf.sum(tf.mul(variable.value, gradient), 0, true);
    const makeLoss = (reachesQ: boolean): Loss<Net, Teachers> => ({ image }) => {
      const [forP, forQ] = tf.split(tf.reshape(image, [pixels]), [
        initial.p.length,
        initial.q.length,
      ]);
      return { p: [1, sum(p, forP)], ...reachesQ ? { q: [1, sum(q, forQ)] } : {} };
    };
    const schedule = sgd({ epochs: 1, batch: 1, lr, momentum, weightDecay, nesterov });
    const optimizer = schedule.optimizer(trainable, create);
    const engine = await open(kind);
    await engine.hold([...collected.values()]);
    const [without, full] = [false, true].map((reachesQ) =>
      engine.compile(alone(trainStep([{
        task: classification,
        student,
        teacher: undefined,
        loss: makeLoss(reachesQ),
        optimizer,
        trainable,
        augmentation: { crop: 0, flip: false },
        normalisation: { mean: [0], std: [1 / 255] },
        seed: 1,
        epochs: 1,
        steps: 10,
      }])))
    );
    for (let i = 0; has(`grad_p_${i}`); i++) {
      const data = Float32Array.of(...tensor(`grad_p_${i}`).data, ...tensor(`grad_q_${i}`).data);
      const step = skipped.includes(i) ? without : full;
      await step(
        stepInputs({ shape: [1, 1, pixels, 1], data }, Int32Array.of(0), i < from ? lr : later, i),
      );
      const [nowP, nowQ] = await engine.read(trainable);
      const row = (of: string, now: Float32Array) =>
        tensor(of).data.subarray(i * now.length, (i + 1) * now.length);
      assertNear(`${kind}: ${name}.p after step ${i}`, nowP, row(`${name}.p`, nowP), LIMIT);
      assertNear(`${kind}: ${name}.q after step ${i}`, nowQ, row(`${name}.q`, nowQ), LIMIT);
    }
    engine.close();
  }
}

const MILESTONES = { cifar100: [150, 180, 210], imagenet: [30, 60, 90] };

function checkSchedule({ facts }: Golden<Misc>): void {
  for (const [papers, at] of Object.entries(MILESTONES)) {
    const lists = Object.entries(facts).filter(([name]) => name.startsWith(`${papers}_`)) as [
      string,
      number[],
    ][];
    assert(lists.length > 0, `no schedule of ${papers}`);
    for (const [name, rates] of lists) {
      const schedule = sgd({
        epochs: rates.length,
        batch: 64,
        lr: rates[0],
        drops: { at, by: 0.1 },
      });
      assertNear(name, rates.map((_, i) => schedule.rate(i + 1)), rates, 1e-12);
      if (papers === "cifar100" && rates[0] === cifar100Schedule.rate(1)) {
        assertNear(
          "the papers' schedule",
          rates.map((_, i) => cifar100Schedule.rate(i + 1)),
          rates,
          1e-12,
        );
      }
    }
  }
}

async function checkAccuracy({ tensor, integers }: Golden<Misc>): Promise<void> {
  const { shape, data } = tensor("logits");
  const [batch, classes] = shape;
  const collected = new Map<string, Variable>();
  const create = variables({ seed: 1, collected, values: new Map([["logits.value", data]]) });
  const student = buildModel(networkOfVariables({ logits: shape }), create, [1, 1, 1], classes);
  for (const kind of KINDS) {
    const engine = await open(kind);
    await engine.hold([...collected.values()]);
    const step = engine.compile(
      alone(evaluateStep(classification, [{ student }], { mean: [0], std: [1] })),
    );
    const image = { shape: [batch, 1, 1, 1], data: new Float32Array(batch) };
    const label = { shape: [batch], data: integers("labels") };
    const tally = classification.tally({ labels: label.data });
    tally.add(await step({ image, label }), { label });
    engine.close();
    const { top1, top5 } = tally.result();
    assertNear("top-1", [top1], tensor("top1").data, LIMIT);
    assertNear("top-5", [top5], tensor("top5").data, LIMIT);
  }
}

/** Checks crops and flips on PyTorch's random numbers. */
async function checkAugment({ facts, tensor, integers }: Golden<Misc>): Promise<void> {
  const crop = Number(facts.source.match(/padding=(\d+)/)![1]);
  const { shape, data } = tensor("image_hwc");
  const offsets = integers("offset_yx");
  const flips = integers("flip");
  const along = (axis: number) =>
    Array.from(flips, (_, i) => (offsets[2 * i + axis] + 0.5) / (2 * crop + 1));
  // The order of `augment`'s draws: flips, then rows, then columns.
  const theirs = () => [Array.from(flips, (flip) => flip ? 0.25 : 0.75), along(0), along(1)];
  const traced: StepFunction<"image"> = ({ image }) => {
    const draws = theirs();
    const next = (shape: readonly number[]) => tf.tensor(draws.shift()!, [...shape]);
    const augmented = augment(image, { crop, flip: true }, scriptedRandom(next));
    return { values: { image: normalisePixels(augmented, cifar100().normalisation) }, updates: [] };
  };
  for (const kind of KINDS) {
    const engine = await open(kind);
    const image = await engine.compile(traced)({ image: { shape, data: Uint8Array.from(data) } });
    engine.close();
    assertNear(`${kind}: images`, image.image, ourMap(tensor("out_nchw")).data, LIMIT);
  }
}

/** An op that is a layer of Retort, and the names of its parameters. */
interface Op {
  readonly layer: (channels: number, bias: boolean) => Layer;
  readonly parameters: readonly string[];
  readonly frozen?: boolean;
}

/** Finds the op of this name. `undefined` if it is no layer of Retort. */
function opNamed(name: string): Op | undefined {
  const [, kernel, stride, padding] = name.match(/^conv_k(\d)s(\d)p(\d)$/)?.map(Number) ?? [];
  const parameters = ["weight", "bias"];
  if (kernel) {
    return {
      layer: (channels, bias) => conv(channels, { kernel, stride, padding, bias }),
      parameters,
    };
  }
  if (name === "conv_transpose_k4s2p1") {
    return { layer: (channels) => transposedConv(channels, 4, 2, "doubling"), parameters };
  }
  if (name === "max_pool_k2s2") return { layer: () => maxPool(2), parameters: [] };
  const batchNorm = { layer: () => norm(), parameters: ["scale", "offset"] };
  if (name === "batch_norm_train") return batchNorm;
  if (name === "batch_norm_eval") return { ...batchNorm, frozen: true };
}

/**
 * Makes a method with the loss Σ cos(i) · y(i). y is the op's output on the tap `x`, and i counts
 * its elements in the references' layout.
 */
function weighOutput(op: Op, y: Numbers, bias: boolean): Distiller<Net<"x" | "logits">> {
  const cosines = ourMap({
    shape: y.shape,
    data: Float32Array.from(y.data, (_, i) => Math.cos(i)),
  });
  const axes = cosines.shape.map((_, axis) => axis).slice(1);
  return {
    id: "measuring",
    options: {},
    build({ create, student }) {
      const run = create.in("op")(op.layer(y.shape[1], bias), student.shapes.x);
      const memory = create.memory("y", cosines.shape, constant(0));
      return ({ student, live, frozen }) => {
        const out = run(student.taps.x, op.frozen ? frozen : live);
        const weighted = tf.mul(out, tf.tensor(cosines.data, [...cosines.shape]));
        return {
          terms: { y: [cosines.shape[0], tf.sum(weighted, axes)] },
          writes: [[memory, out]],
        };
      };
    },
  };
}

const RUNNING = { running_mean: "mean", running_var: "variance" };

async function checkOp({ tensor, has }: Golden<Misc>, name: string, op: Op): Promise<void> {
  const of = (part: string) => tensor(`${name}.${part}`);
  const x = ourMap(of("x"));
  const y = of("y");
  const hasBias = has(`${name}.p1`);
  const parameters = op.parameters.flatMap((ours, i) =>
    has(`${name}.p${i}`) ? [[`p${i}`, `distiller.op.0.${ours}`]] : []
  );
  const running = Object.entries(RUNNING).filter(([theirs]) => has(`${name}.${theirs}`));
  const made = assembleStep({
    student: networkOfVariables({ x: x.shape, logits: [x.shape[0], 2] }),
    teacher: undefined,
    distiller: weighOutput(op, y, hasBias),
    image: [1, 1, 1],
    classes: 2,
    values: new Map([
      ["student.x.value", x.data],
      ...parameters.map((
        [theirs, ours],
      ): [string, Float32Array] => [ours, ourWeight(of(theirs)).data]),
      // In training PyTorch's statistics are results, from initial values of 0 and 1.
      ...(op.frozen ? running : []).map((
        [theirs, ours],
      ): [string, Float32Array] => [`distiller.op.0.${ours}`, of(theirs).data]),
    ]),
  });
  for (const kind of KINDS) {
    const engine = await open(kind);
    const image = { shape: [x.shape[0], 1, 1, 1], data: new Float32Array(x.shape[0]) };
    const { after } = await firstStep(engine, made)(image, new Int32Array(x.shape[0]));
    engine.close();
    assertNear(`${kind}: ${name}.y`, after("distiller.y"), ourMap(y).data, LIMIT);
    assertNear(`${kind}: ${name}.gx`, after("student.x.value"), ourMap(of("gx")).data, LIMIT);
    if (op.frozen) continue;
    for (const [theirs, ours] of parameters) {
      assertNear(
        `${kind}: ${name}.g${theirs}`,
        after(ours),
        ourWeight(of(`g${theirs}`)).data,
        LIMIT,
      );
    }
    for (const [theirs, ours] of running) {
      assertNear(
        `${kind}: ${name}.${theirs}`,
        after(`distiller.op.0.${ours}`),
        of(theirs).data,
        LIMIT,
      );
    }
  }
}

async function checkCrossEntropy({ tensor, integers }: Golden<Misc>): Promise<void> {
  const { shape, data } = tensor("cross_entropy.x");
  const label = integers("cross_entropy.labels");
  const student = networkOfVariables({ logits: shape });
  const values = new Map([["student.logits.value", data]]);
  const made = assembleStep({
    student,
    teacher: undefined,
    distiller: scratch(),
    image: [1, 1, 1],
    classes: shape[1],
    values,
  });
  for (const kind of KINDS) {
    const engine = await open(kind);
    const image = { shape: [label.length, 1, 1, 1], data: new Float32Array(label.length) };
    const { values, after } = await firstStep(engine, made)(image, label);
    engine.close();
    assertNear(`${kind}: cross_entropy.y`, values.loss, tensor("cross_entropy.y").data, LIMIT);
    assertNear(
      `${kind}: cross_entropy.gx`,
      after("student.logits.value"),
      tensor("cross_entropy.gx").data,
      LIMIT,
    );
  }
}

/** Ops that the tests of networks and methods check. */
const laterOps =
  /^(adaptive_avg_pool|avg_pool|max_pool_k3|channel_shuffle|conv_depthwise|conv_group|conv_transpose_k3|interpolate|l2_normalize|layer_norm|leaky_relu|smooth_l1|zscore)/;

async function checkOps(golden: Golden<Misc>): Promise<void> {
  const names = golden.names().flatMap((name) => name.endsWith(".x") ? [name.slice(0, -2)] : []);
  for (const name of names) {
    const op = opNamed(name);
    if (op) await checkOp(golden, name, op);
    else if (name === "cross_entropy") await checkCrossEntropy(golden);
    else assert(laterOps.test(name), `no check matches ${name}`);
  }
}

await goldens<Misc>("misc", [
  [/^sgd$/, checkSgd],
  [/^schedule$/, checkSchedule],
  [/^accuracy$/, checkAccuracy],
  [/^augment_cifar100$/, checkAugment],
  [/^ops$/, checkOps],
]);
