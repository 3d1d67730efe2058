import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Mix } from "../../lib/data/dataset.ts";
import { mixupOrCutmix } from "../../lib/data/mix.ts";
import { type RandomErasing, randomErasing } from "../../lib/data/random_erasing.ts";
import { kd } from "../../lib/distillers/kd.ts";
import type { Values } from "../../lib/engine/engine.ts";
import type { Schedule } from "../../lib/experiment/schedule.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import { conv } from "../../lib/nn/conv.ts";
import { dense, globalAveragePool, relu } from "../../lib/nn/layers.ts";
import { classifier } from "../../lib/nn/network.ts";
import { stage } from "../../lib/nn/stage.ts";
import { adamw } from "../../lib/optimizers/adamw.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import type { Assembly } from "../../lib/training/assemble.ts";
import { compileSteps } from "../../lib/training/compile_steps.ts";
import { partOf } from "../../lib/training/in_parts.ts";
import { type ByTrial, trainStep, type TrainValues } from "../../lib/training/step.ts";
import { Failure } from "../../lib/values/failure.ts";
import { alone } from "../support/alone.ts";
import { assembleUntrained } from "../support/assemble_untrained.ts";
import { type Kind, open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";
import { CLASSES, IMAGE, inputs } from "../support/toy.ts";
import { runWorkers } from "../support/workers.ts";

/** A network without norms, which would see the parts of a batch. */
const plain = classifier("plain", {}, (classes) => ({
  stem: stage(conv(4), relu()),
  pooled: stage(globalAveragePool()),
  logits: stage(dense(classes)),
}));

function assemblyOf(schedule: Schedule, mix?: Mix, erase?: RandomErasing): Assembly {
  return assembleUntrained(
    {
      student: plain,
      teacher: plain,
      distiller: kd(),
      dataset: {
        task: classification,
        augmentation: { crop: 1, flip: true, erase },
        mix,
        normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      },
    },
    {
      seed: 1,
      image: IMAGE,
      classes: CLASSES,
      train: { size: 16, labels: new Int32Array(16) },
      schedule,
    },
  );
}

/** Takes steps over batches of these sizes. Returns the state, and the values of each step. */
async function train(kind: Kind, schedule: Schedule, sizes: readonly number[]) {
  const engine = await open(kind);
  const before = tf.memory().numTensors;
  const assembly = assemblyOf(schedule);
  await engine.hold([...assembly.variables.values()]);
  const { step } = compileSteps(engine, [assembly]);
  const values: Values<ByTrial<TrainValues>>[] = [];
  for (const [i, size] of sizes.entries()) values.push(await step(inputs(i, 0.05, size)));
  const read = await engine.read(assembly.state);
  const sums = [...assembly.variables.values()].filter((one) => !assembly.state.includes(one));
  const left = (await engine.read(sums.filter(({ name }) => name.startsWith("accumulated."))))
    .flatMap((sum) => [...sum]);
  engine.close();
  assertEquals(tf.memory().numTensors, before, "tensors are left over");
  const state = new Map(assembly.state.map(({ name }, i) => [name, read[i]]));
  return { state, left, values: values.map((trials) => trials[0]) };
}

const common = { epochs: 1, batch: 8, lr: 0.05, ema: 0.5 };
const SCHEDULES = {
  sgd: (accumulate: number) => sgd({ ...common, clip: 0.5, accumulate }),
  adamw: (accumulate: number) => adamw({ ...common, clip: 0.5, epsilon: 1e-3, accumulate }),
} as const;

async function assertParts(kind: Kind): Promise<void> {
  for (const [name, schedule] of Object.entries(SCHEDULES)) {
    // Of three parts of eight images one is smaller. Two images are two parts.
    const sizes = [8, 8, 2];
    const whole = await train(kind, schedule(1), sizes);
    const parts = await train(kind, schedule(3), sizes);
    assertEquals(whole.left, []);
    assertEquals(parts.left.length > 0 && parts.left.every((sum) => sum === 0), true);
    assertEquals([...parts.state.keys()], [...whole.state.keys()]);
    for (const [variable, values] of whole.state) {
      assertNear(`${name}: ${variable}`, parts.state.get(variable)!, values, 2e-4);
    }
    for (const [i, { images, loss, terms, sums }] of whole.values.entries()) {
      const own = parts.values[i];
      assertEquals([own.images, own.sums.top1], [images, sums.top1]);
      assertNear(`${name}: loss`, own.loss, loss, 1e-5);
      for (const term of Object.keys(terms)) {
        assertNear(`${name}: ${term}`, own.terms[term], terms[term], 1e-4);
      }
      assertNear(`${name}: kl`, own.sums.kl, sums.kl, 1e-4);
    }
  }
}

Deno.test("inParts: the loss and the update are those of the whole batch, op by op", () =>
  assertParts("cpu"));
await needs(
  everything,
  "inParts: the loss and the update are those of the whole batch, compiled",
  () => assertParts("compiled"),
);

await needs(everything, "inParts: gradient norms are those of the first part", async () => {
  const engine = await open("compiled");
  const [whole, parts] = [sgd({ ...common, batch: 2 }), sgd({ ...common, accumulate: 4 })]
    .map((schedule) => assemblyOf(schedule));
  await engine.hold([...whole.variables.values(), ...parts.variables.values()]);
  const batch = inputs(0, 0.05, 8);
  const { part: _, ...first } = partOf(batch, 0, 4);
  assertEquals(first.index.data, Int32Array.of(0, 4));
  const norms = await compileSteps(engine, [parts]).gradNorms(batch);
  const [still] = [whole].map(({ parts }) => ({
    ...parts,
    augmentation: { crop: 0, flip: false },
  }));
  const unmoved = { ...parts, parts: { ...parts.parts, augmentation: still.augmentation } };
  const alike = await compileSteps(engine, [unmoved]).gradNorms(batch);
  const expected = await compileSteps(engine, [{ ...whole, parts: still }]).gradNorms(first);
  for (const term of Object.keys(expected[0].grads)) {
    assertNear(term, alike[0].grads[term], expected[0].grads[term], 1e-5);
    assertNotEquals(norms[0].grads[term], expected[0].grads[term], "augmented");
  }
  engine.close();
});

await needs(everything, "inParts: the step over a part alone is the whole step", async () => {
  const engine = await open("compiled");
  const assembly = assemblyOf(sgd({ ...common, accumulate: 4 }));
  await engine.hold([...assembly.variables.values()]);
  const step = engine.compile(alone(trainStep([assembly.parts])));
  const { images } = await step(inputs(0, 0.05, 8));
  assertEquals(images, Float32Array.of(8));
  engine.close();
});

/** What a worker's training gives. */
interface Trained {
  readonly losses: readonly number[];
  readonly values: readonly number[][];
}

await needs(everything, "inParts: two workers with two parts each train as one does", async () => {
  const trained = async (workers: number) =>
    (await runWorkers("parts", workers)).map(({ code, out, errors }): Trained => {
      assertEquals([code, errors], [0, ""]);
      return JSON.parse(out);
    });
  const [alone] = await trained(1);
  const [one, other] = await trained(2);
  assertEquals(other, one);
  assertNear("losses", one.losses, alone.losses, 1e-5);
  alone.values.forEach((values, i) => assertNear(`variable ${i}`, one.values[i], values, 2e-4));
});

/** Takes three steps in three parts each. Returns the losses, and λ of each part as it is drawn. */
async function trainMixed(kind: Kind) {
  const engine = await open(kind);
  const shares: Tensor[] = [];
  const own = mixupOrCutmix();
  const mix: Mix = {
    ...own,
    mix(images, random) {
      const mixed = own.mix(images, random);
      shares.push(tf.keep(tf.clone(mixed.share)));
      return mixed;
    },
  };
  const erase = randomErasing({ probability: 1 });
  const assembly = assemblyOf(sgd({ ...common, accumulate: 3 }), kind === "cpu" ? mix : own, erase);
  await engine.hold([...assembly.variables.values()]);
  const { step } = compileSteps(engine, [assembly]);
  const losses: number[] = [];
  for (const i of [0, 1, 2]) losses.push((await step(inputs(i, 0.05, 8)))[0].loss[0]);
  const drawn = shares.map((share) => share.dataSync()[0]);
  tf.dispose(shares);
  engine.close();
  return { losses, drawn };
}

await needs(
  everything,
  "inParts: each part is mixed by its own λ, op by op as compiled",
  async () => {
    const { losses, drawn } = await trainMixed("cpu");
    const compiled = await trainMixed("compiled");
    assertNear("losses", compiled.losses, losses, 1e-4);
    assertEquals(drawn.length >= 9 && new Set(drawn).size >= 9, true, `${drawn}`);
  },
);

Deno.test("accumulate: more parts than images, and two gradients, are refused", () => {
  const { exit, message } = assertThrows(
    () => sgd({ epochs: 1, batch: 4, lr: 1, accumulate: 5 }),
    Failure,
  );
  assertEquals([exit, message], [
    2,
    "sgd: `accumulate` is 5; it has to be a whole number, 1 or more, and at most 4, the batch",
  ]);
  const dot = sgd({ ...common, dot: 0.05, accumulate: 2 });
  assertEquals(assertThrows(() => assemblyOf(dot), Failure, "`accumulate` adds up").exit, 2);
});
