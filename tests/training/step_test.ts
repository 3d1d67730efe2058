import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Mix } from "../../lib/data/dataset.ts";
import { randAugment } from "../../lib/data/rand_augment.ts";
import { randomErasing } from "../../lib/data/random_erasing.ts";
import { at } from "../../lib/distillers/at.ts";
import { combine } from "../../lib/distillers/combine.ts";
import { crd } from "../../lib/distillers/crd.ts";
import { dkd } from "../../lib/distillers/dkd.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { sakd } from "../../lib/distillers/sakd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { shake } from "../../lib/distillers/shake.ts";
import type { Distiller, StepContext, Views } from "../../lib/experiment/distiller.ts";
import { dense } from "../../lib/nn/layers.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import type { Net, Scorer } from "../../lib/nn/network.ts";
import { kl } from "../../lib/nn/ops.ts";
import { passes } from "../../lib/nn/pass.ts";
import { constant } from "../../lib/nn/variables.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { type Assembly, buildTeacher } from "../../lib/training/assemble.ts";
import { trainStep } from "../../lib/training/step.ts";
import { Failure } from "../../lib/values/failure.ts";
import { assembleUntrained } from "../support/assemble_untrained.ts";
import { type Kind, open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear, norm, tolerance } from "../support/tolerance.ts";
import { BATCH, batch, CLASSES, IMAGE, inputs, large, small, type Toy } from "../support/toy.ts";
import { flat, training } from "../support/toy_training.ts";

type Loss<T extends Net | undefined | readonly Net[] = undefined> = Distiller<Toy, T>["build"];

const method = <T extends Net | undefined | readonly Net[] = undefined>(
  build: Loss<T>,
): Distiller<Toy, T> => ({
  id: "test",
  options: {},
  build,
});

const none = { augmentation: { crop: 0, flip: false }, teacher: undefined };

/** Registers a test on tfjs's own backend and one on TensorFlow's graph. */
async function both(name: string, body: (kind: Kind) => Promise<void>): Promise<void> {
  Deno.test(`${name}, op by op`, () => body("cpu"));
  await needs(everything, `${name}, compiled`, () => body("compiled"));
}

await both(
  "trainStep: two steps have different random numbers, the same step the same ones",
  async (kind) => {
    const engine = await open(kind);
    const drawing = method(() => ({ random, student }) => ({
      random: [1, tf.add(random.uniform([BATCH]), tf.mul(tf.sum(student.taps.logits, -1), 0))],
    }));
    const randomTerm = async (seed: number, step: number) => {
      const { run } = await training(engine, drawing, { ...none, seed });
      return (await run(inputs(step))).terms.random[0];
    };
    const first = await randomTerm(1, 5);
    assertEquals(await randomTerm(1, 5), first);
    assertNotEquals(await randomTerm(1, 6), first);
    assertNotEquals(await randomTerm(2, 5), first);
    engine.close();
  },
);

await both("trainStep: a loss without terms is refused", async (kind) => {
  const engine = await open(kind);
  const { step } = await training(engine, method(() => () => ({})), none);
  const failure = await assertRejects(() => step(), Failure, "the method's loss has no terms");
  assertEquals(failure.exit, 2);
  engine.close();
});

await both(
  "trainStep: a variable that no term reaches stays unchanged: no weight decay, no momentum",
  async (kind) => {
    const engine = await open(kind);
    const idle = method(({ create }) => {
      create(dense(3), [4]);
      return ({ student }) => ({ pooled: [1, tf.sum(student.taps.pooled, -1)] });
    });
    const schedule = sgd({ epochs: 1, batch: 4, lr: 0.1, weightDecay: 0.5 });
    const { step, read } = await training(engine, idle, { ...none, schedule });
    const idles = (values: Map<string, Float32Array>) =>
      [...values].filter(([name]) => /student\.logits|distiller/.test(name));
    const before = await read("");
    await step();
    await step();
    const after = await read("");
    assertEquals(idles(after), idles(before));
    assertEquals(idles(after).length, 8);
    assertNotEquals(after.get("student.stem.weight"), before.get("student.stem.weight"));
    engine.close();
  },
);

await both(
  "trainStep: a memory is written once, after the update, from the values that the step read",
  async (kind) => {
    const engine = await open(kind);
    const remembering = method(({ create }) => {
      const count = create.memory("count", [2], constant(1));
      return ({ task, student }) => ({
        terms: {
          task: [1, task(student)],
          count: [1, tf.mul(tf.ones([BATCH]), tf.sum(count.value))],
        },
        writes: [[count, tf.mul(count.value, 2)]],
      });
    });
    const { step, read } = await training(engine, remembering, none);
    const seen = [];
    for (let i = 0; i < 3; i++) seen.push((await step()).terms.count[0]);
    assertEquals(seen, [2, 4, 8]);
    assertEquals((await read("distiller.count")).get("distiller.count"), Float32Array.of(8, 8));
    engine.close();
  },
);

await both(
  "trainStep: a memory takes what another one had, and a weight what it was before the update",
  async (kind) => {
    const engine = await open(kind);
    const shifting = method(({ create, student }) => {
      const [newest, older] = ["newest", "older"].map((name) =>
        create.memory(name, [], constant(1))
      );
      const [bias] = student.parts.logits.filter(({ shape }) => shape.length === 1);
      const before = create.memory("before", bias.shape, constant(0));
      return ({ task, student, live }) => ({
        terms: { task: [1, task(student)] },
        writes: [
          [older, live.read(newest)],
          [newest, tf.mul(live.read(newest), 3)],
          [before, live.read(bias)],
        ],
      });
    });
    const { step, read } = await training(engine, shifting, none);
    const bias = async () => (await read("student.logits.bias")).get("student.logits.bias");
    await step();
    const was = await bias();
    await step();
    const memories = await read("distiller.");
    const value = (name: string) => memories.get(`distiller.${name}`);
    assertEquals([value("newest"), value("older")], [Float32Array.of(9), Float32Array.of(3)]);
    assertEquals(value("before"), was);
    assertNotEquals(await bias(), was);
    engine.close();
  },
);

await both(
  "trainStep: the loss is the sum of the terms' weighted means, with numbers or scalar tensors as weights",
  async (kind) => {
    const engine = await open(kind);
    const weighing = method(() => ({ task, student, epoch, index }) => ({
      task: [2, task(student)],
      epoch: [tf.mul(epoch, 3), tf.mul(tf.ones([BATCH]), 5)],
      index: [0.5, tf.cast(index, "float32")],
    }));
    const { run } = await training(engine, weighing, none);
    const stepInputs = { ...inputs(2), epoch: { shape: [], data: Float32Array.of(4) } };
    const values = await run(stepInputs);
    assertEquals(values.terms.epoch[0], 60);
    assertEquals(values.terms.index[0], 0.5 * (8 + 9 + 10 + 11) / 4);
    assertAlmostEquals(values.loss[0], values.terms.task[0] + 60 + values.terms.index[0], 1e-4);
    assert(values.sums.top1[0] >= 0 && values.sums.top1[0] <= BATCH);
    engine.close();
  },
);

await both(
  "trainStep: reports are averaged over the batch and have no gradient",
  async (kind) => {
    const engine = await open(kind);
    const before = tf.memory().numTensors;
    const reporting = method(() => ({ task, student, index }) => ({
      terms: { task: [1, task(student)] },
      writes: [],
      reports: { index, logit: tf.sum(student.taps.logits, -1), late: tf.greater(index, 9) },
    }));
    const { run, gradNorms, read } = await training(engine, reporting, none);
    const norms = await gradNorms(inputs(2));
    const values = await run(inputs(2));
    const reported = await read("velocity.");
    assertEquals(Object.keys(norms.grads), ["task"]);
    assertEquals([values.terms, values.reports, values.sums].map((group) => Object.keys(group)), [
      ["task"],
      ["index", "logit", "late"],
      ["top1"],
    ]);
    // Whole numbers and truth values, which have no gradient, are averaged too.
    assertEquals(values.reports.index[0], (8 + 9 + 10 + 11) / 4);
    assertEquals(values.reports.late[0], 2 / 4);
    assertEquals(values.loss, values.terms.task);
    const { run: silently, read: silent } = await training(engine, scratch(), none);
    await silently(inputs(2));
    assertNear("velocities", flat(reported), flat(await silent("velocity.")), 1e-6);
    engine.close();
    assertEquals(tf.memory().numTensors, before, "tensors are left behind");
  },
);

await both("trainStep: several teachers come in order", async (kind) => {
  const engine = await open(kind);
  const difference = method<readonly [Scorer, Scorer]>(
    () => ({ student, teacher: [first, second], task }) => ({
      task: [1, task(student)],
      same: [1, kl(first.taps.logits, first.taps.logits)],
      other: [1, kl(first.taps.logits, second.taps.logits)],
    }),
  );
  const { step } = await training(engine, difference, { ...none, teacher: [large, large] });
  const values = await step();
  assertEquals(values.terms.same[0], 0);
  assert(values.terms.other[0] > 0, "two teachers of one recipe have weights of their own");
  engine.close();
});

await both(
  "trainStep: a frozen pass after the live one reads the statistics that are then written",
  async (kind) => {
    const engine = await open(kind);
    const looking = method(({ student: model }) => ({ student, task, image, frozen }) => ({
      task: [1, task(student)],
      frozen: [1, tf.sum(tf.square(model.run(image, frozen).taps.logits), -1)],
    }));
    const { run, student } = await training(engine, looking, none);
    const seen = (await run(inputs(0, 0))).terms.frozen[0];
    const again = engine.compile<"image">(({ image }) => {
      const x = tf.add(
        tf.mul(image, tf.tensor1d([1 / 255 / 0.3, 1 / 255 / 0.2, 1 / 255 / 0.25])),
        tf.tensor1d([-0.5 / 0.3, -2, -1.2]),
      );
      const { taps: { logits } } = student.run(x, passes().frozen);
      return { values: { squares: tf.mean(tf.sum(tf.square(logits), -1)) }, updates: [] };
    });
    assertAlmostEquals(
      (await again({ image: batch(0).image })).squares[0],
      seen,
      1e-4 * Math.max(1, seen),
    );
    engine.close();
  },
);

/** Negates the images. The partner's label has the rest of `share`. */
const negatingMix = (partner: readonly number[], share: number): Mix => ({
  id: "turned",
  options: {},
  mix: (image) => ({
    image: tf.neg(image),
    partner: tf.tensor1d([...partner], "int32"),
    share: tf.scalar(share),
  }),
});

await both(
  "trainStep: the loss of mixed images is their own label's and their partner's, by their shares",
  async (kind) => {
    const engine = await open(kind);
    const partner = [1, 2, 3, 0];
    const stepInputs = inputs(1, 0);
    const label = stepInputs.label.data;
    const seeing = method<Scorer>(
      ({ teacher: model }) => ({ task, student, teacher, image, frozen }) => ({
        task: [1, task(student)],
        again: [1, tf.squaredDifference(task(teacher), task(model.run(image, frozen)))],
        image: [1, tf.sum(image, [1, 2, 3])],
      }),
    );
    const values = async (mix: Mix | undefined, data = label) => {
      const { run } = await training(engine, seeing, { augmentation: none.augmentation, mix });
      const { sums: { top1: [correct] }, terms } = await run({
        ...stepInputs,
        label: { shape: [BATCH], data },
      });
      const { task: [task], again: [again], image: [image] } = terms;
      return { correct, task, again, image };
    };
    const original = await values(undefined);
    const mixed = await values(negatingMix(partner, 0.3));
    const own = await values(negatingMix(partner, 1));
    const others = await values(negatingMix(partner, 0));
    assertAlmostEquals(mixed.task, 0.3 * own.task + 0.7 * others.task, 1e-5);
    assertAlmostEquals(mixed.correct, 0.3 * own.correct + 0.7 * others.correct, 1e-5);
    assertEquals(
      others.task,
      (await values(negatingMix(partner, 1), Int32Array.from(partner, (i) => label[i]))).task,
    );
    assertAlmostEquals(mixed.image, -original.image, 1e-3);
    assertNotEquals(own.task, original.task, "the student sees the mixed images");
    assertEquals(mixed.again, 0, "so does the teacher");
    engine.close();
  },
);

await both(
  "trainStep: a view has the same images, augmented in another way and mixed alike",
  async (kind) => {
    const engine = await open(kind);
    const grey = { crop: 0, flip: false, jitter: 1 };
    const stepInputs = inputs(1, 0);
    const viewing: Distiller<Toy, undefined, Views<"same" | "other">> = {
      id: "viewing",
      options: {},
      build: () => ({ task, student, image, views: { same, other } }) => ({
        task: [1, task(student)],
        same: [1, tf.sum(tf.squaredDifference(image, same), [1, 2, 3])],
        other: [1, tf.sum(tf.squaredDifference(image, other), [1, 2, 3])],
        sum: [1, tf.sum(other, [1, 2, 3])],
      }),
    };
    const views = { same: none.augmentation, other: grey };
    const values = async (mix?: Mix) => {
      const { run } = await training(engine, viewing, { ...none, views, mix });
      return await run(stepInputs);
    };
    const original = await values();
    const mixed = await values(negatingMix([1, 2, 3, 0], 0.5));
    assertEquals(original.terms.same[0], 0);
    assert(original.terms.other[0] > 1);
    assertAlmostEquals(mixed.terms.sum[0], -original.terms.sum[0], 1e-3);
    engine.close();
  },
);

await both(
  "trainStep: with a policy each view has a picture of its own, which the step neither crops nor mirrors",
  async (kind) => {
    const engine = await open(kind);
    const changed = { crop: 2, flip: true, policy: randAugment() };
    const views = { plain: none.augmentation, erased: { ...changed, erase: EVERYTHING } };
    const viewing: Distiller<Toy, undefined, Views<"plain" | "erased">> = {
      id: "viewing",
      options: {},
      build: () => ({ task, student, image, views: { plain, erased } }) => ({
        task: [1, task(student)],
        image: [1, tf.sum(tf.mul(image, weights(image)), [1, 2, 3])],
        plain: [1, tf.sum(tf.mul(plain, weights(plain)), [1, 2, 3])],
        erased: [1, tf.sum(tf.cast(tf.notEqual(erased, 0), "float32"), [1, 2, 3])],
      }),
    };
    const { run } = await training(engine, viewing, { ...none, augmentation: changed, views });
    const { image, ...others } = inputs(1, 0);
    const [batch, ...shape] = image.shape;
    const bytes = image.data.length / batch;
    // The picture of `plain` is the image, that of the image itself its negative.
    const data = Uint8Array.from({ length: 3 * image.data.length }, (_, i) => {
      const picture = Math.floor(i / bytes);
      const pixel = image.data[Math.floor(picture / 3) * bytes + i % bytes];
      return picture % 3 === 0 ? 255 - pixel : pixel;
    });
    const three = await run({ ...others, image: { shape: [batch, 3, ...shape], data } });
    const alone = await training(engine, plainly, none);
    const one = await alone.run({ ...others, image });
    const negative = await alone.run({
      ...others,
      image: { shape: image.shape, data: Uint8Array.from(image.data, (value) => 255 - value) },
    });
    assertAlmostEquals(three.terms.plain[0], one.terms.image[0], 1e-2);
    assertAlmostEquals(three.terms.image[0], negative.terms.image[0], 1e-2);
    assertNotEquals(one.terms.image[0], negative.terms.image[0]);
    // The largest rectangle leaves a row and a column at least.
    assert(three.terms.erased[0] > 0 && three.terms.erased[0] < bytes, `${three.terms.erased}`);
    engine.close();
  },
);

const EVERYTHING = randomErasing({ probability: 1, mode: "zero", least: 0.5, most: 0.5 });

/** Different weights of all values of an image. */
const weights = (image: Tensor) =>
  tf.cos(tf.reshape(tf.range(0, image.size / image.shape[0]), [1, ...image.shape.slice(1)]));

/** A method that sees the images only. */
const plainly = method(() => ({ task, student, image }) => ({
  task: [1, task(student)],
  image: [1, tf.sum(tf.mul(image, weights(image)), [1, 2, 3])],
}));

/**
 * A method with a term for the pooled vectors, one for the scores, and one that reaches neither.
 */
const pulling = method(({ create }) => {
  const head = create(dense(1), [4]);
  const apart = create.in("apart")(dense(1), [4]);
  return ({ student, task, live }) => ({
    labels: [0.5, task(student), "task"],
    pull: [2, tf.sum(tf.square(head(student.taps.pooled, live)), -1)],
    alone: [1, tf.sum(tf.square(apart(tf.ones([BATCH, 4]), live)), -1)],
  });
});

/**
 * The gradient of some of the terms of `pulling` in the first step, by variable: its first
 * velocity.
 */
async function firstVelocities(
  kind: Kind,
  terms: readonly string[],
): Promise<Map<string, Float32Array>> {
  const engine = await open(kind);
  const some = method((context) => {
    const loss = pulling.build(context);
    return (step) =>
      Object.fromEntries(Object.entries(loss(step)).filter(([name]) => terms.includes(name)));
  });
  const { step, read } = await training(engine, some, none);
  await step();
  const velocities = await read("velocity.");
  engine.close();
  return velocities;
}

await both(
  "gradNormStep: the norm of each term's gradient is that of the term alone, and nothing changes",
  async (kind) => {
    const engine = await open(kind);
    const before = tf.memory().numTensors;
    const { gradNorms, read, step } = await training(engine, pulling, none);
    const start = await read("");
    const norms = await gradNorms(inputs(0));
    assertEquals(await read(""), start);
    assertEquals(Object.keys(norms.grads), ["labels", "pull", "alone"]);
    for (const term of ["labels", "pull"]) {
      const alone = flat(
        new Map(
          [...await firstVelocities(kind, [term])].filter(([name]) =>
            name.startsWith("velocity.student.")
          ),
        ),
      );
      assertAlmostEquals(norms.grads[term][0], norm(alone), 1e-4 * norm(alone));
    }
    assertEquals(norms.grads.alone[0], 0);
    await step();
    engine.close();
    assertEquals(tf.memory().numTensors, before, "tensors are left behind");
  },
);

await both(
  "trainStep: DOT has two velocities for variables of both task terms, by any name, and others, else one",
  async (kind) => {
    const schedule = sgd({
      epochs: 1,
      batch: 4,
      lr: 0.1,
      momentum: 0.8,
      weightDecay: 0.05,
      dot: 0.1,
    });
    const engine = await open(kind);
    const before = tf.memory().numTensors;
    const { step, read } = await training(engine, pulling, { ...none, schedule });
    const start = await read("");
    const rate = 0.1;
    await step(rate);
    const first = await read("");
    const [task, others] = [
      await firstVelocities(kind, ["labels"]),
      await firstVelocities(kind, ["pull", "alone"]),
    ];
    const value = (values: Map<string, Float32Array>, name: string) =>
      values.get(name) ?? new Float32Array();
    const names = [...start.keys()].filter((name) => start.has(`velocity.${name}`));
    for (const name of names) {
      const w = value(start, name);
      const [g, h] = [task, others].map((pulls) => value(pulls, `velocity.${name}`));
      const decayed = g.map((x, i) => x + 0.05 * w[i]);
      const both = [g, h].every((pull) => pull.some((x) => x !== 0));
      const [usual, other] = both
        ? [decayed, h]
        : [decayed.map((x, i) => x + h[i]), h.map(() => 0)];
      if (name.endsWith("stem.bias")) continue;
      assertNear(`${name}: velocity`, value(first, `velocity.${name}`), usual, 1e-4);
      assertNear(
        `${name}: the others' velocity`,
        value(first, `velocity.others.${name}`),
        other,
        1e-4,
      );
      assertNear(name, value(first, name), w.map((x, i) => x - rate * (usual[i] + other[i])), 1e-5);
    }
    engine.close();
    assertEquals(tf.memory().numTensors, before, "tensors are left behind");
  },
);

await needs(
  everything,
  "trainStep: a read of a value while the step is traced is an error that says so, and the next step works",
  async () => {
    const engine = await open("compiled");
    const reading = method(() => ({ task, student }) => {
      const loss = task(student);
      return { task: [loss.dataSync()[0], loss] };
    });
    const { step } = await training(engine, reading, none);
    const error = await step().then(() => undefined, (error: Error) => error);
    assert(
      error?.message.includes("a value cannot be read while the step is being traced"),
      error?.message,
    );
    assert(error?.stack?.includes("step_test.ts"), error?.stack);
    engine.close();

    const next = await open("compiled");
    const { step: works } = await training(next, scratch(), none);
    assert(Number.isFinite((await works()).loss[0]));
    next.close();
  },
);

await needs(
  everything,
  "trainStep: the last, smaller batch of an epoch is its own step over the same variables",
  async () => {
    const results: Float32Array[] = [];
    for (const kind of ["compiled", "cpu"] as const) {
      const engine = await open(kind);
      const { run, read } = await training(engine, scratch(), none);
      await run(inputs(0));
      await run(inputs(1, 0.1, 3));
      await run(inputs(2));
      results.push((await read("student.stem.weight")).get("student.stem.weight")!);
      engine.close();
    }
    assertNear("weights", results[0], results[1], 1e-4);
  },
);

/** Methods whose trials share a teacher. */
const COHORT: readonly Distiller<Toy, Toy, never>[] = [
  kd(),
  dkd(),
  fitnets({ hint: "block1", guided: "block1" }),
  at(),
  shake(),
  crd({ negatives: 8 }),
  sakd(fitnets({ hint: "block1", guided: "block1" })),
];

/** The learning rates of the first of them, the second, and so on. */
const RATES = COHORT.map((_, i) => 0.02 * (i + 1));

/**
 * Trains trials for five steps in one graph, all with one teacher. Returns the losses of each, and
 * its state after the last step.
 */
async function fiveStepsOf(kind: Kind, chosen: readonly number[]) {
  const engine = await open(kind);
  const shapes = { seed: 1, image: IMAGE, classes: CLASSES };
  const shared = buildTeacher(large, 0, shapes, undefined);
  await engine.hold(shared.variables);
  const labels = Int32Array.from({ length: 100 }, (_, i) => i % CLASSES);
  const schedule = sgd({ epochs: 1, batch: BATCH, lr: 0.1 });
  const dataset = {
    task: classification,
    augmentation: { crop: 1, flip: true },
    normalisation: { mean: [0.5, 0.4, 0.3], std: [0.3, 0.2, 0.25] },
  };
  const trials: Assembly[] = [];
  for (const i of chosen) {
    const parts = { student: small, teacher: large, distiller: COHORT[i], dataset };
    const train = { size: labels.length, labels };
    const trial = assembleUntrained(parts, {
      ...shapes,
      train,
      teachers: [shared.model],
      schedule,
    });
    await engine.hold([...trial.variables.values()]);
    trials.push(trial);
  }
  const run = engine.compile(trainStep(trials.map(({ parts }) => parts)));
  const losses = chosen.map((): number[] => []);
  const rate = { shape: [chosen.length], data: Float32Array.from(chosen, (i) => RATES[i]) };
  for (let step = 0; step < 5; step++) {
    const values = await run({ ...inputs(step), rate });
    losses.forEach((own, i) => own.push(values[i].loss[0]));
  }
  const states: Float32Array[][] = [];
  for (const { state } of trials) states.push(await engine.read(state));
  engine.close();
  return trials.map(({ state }, i) => ({ losses: losses[i], state, values: states[i] }));
}

for (const kind of ["cpu", "eager", "compiled"] as const) {
  const name = `trainStep: five steps of seven methods together are those of each alone, ${kind}`;
  await needs(kind === "cpu" ? [] : everything, name, async () => {
    const together = await fiveStepsOf(kind, [...COHORT.keys()]);
    for (const [i, { id }] of COHORT.entries()) {
      const [alone] = await fiveStepsOf(kind, [i]);
      assertNear(`${id}: losses`, together[i].losses, alone.losses, tolerance(0));
      assertEquals(together[i].state.length, alone.state.length);
      for (const [n, { name }] of alone.state.entries()) {
        assertNear(`${id}: ${name}`, together[i].values[n], alone.values[n], tolerance(0));
      }
    }
  });
}

/** A method whose weight this makes of its context. */
const weighted = (
  weigh: (step: StepContext<Toy, Toy>) => number,
): Distiller<Toy, Toy> => ({
  id: "weighted",
  options: {},
  build: () => (step) => ({ task: [weigh(step), step.task(step.student), "task"] }),
});

/** What a method reads of the length of its run in a step. */
async function readsOf(distiller: Distiller<Toy, Toy, never>): Promise<string[]> {
  const engine = await open("cpu");
  try {
    const schedule = sgd({ epochs: 6, batch: BATCH, lr: 0.1 });
    const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.3, 0.2, 0.25] };
    const augmentation = { crop: 0, flip: false };
    const dataset = { task: classification, augmentation, normalisation };
    const { parts, variables, lengthsRead } = assembleUntrained(
      { student: small, teacher: large, distiller, dataset },
      {
        seed: 1,
        image: IMAGE,
        classes: CLASSES,
        train: { size: 100, labels: new Int32Array(100) },
        schedule,
      },
    );
    await engine.hold([...variables.values()]);
    await engine.compile(trainStep([parts]))(inputs(0));
    return [...lengthsRead];
  } finally {
    engine.close();
  }
}

Deno.test("trainStep: the length of a run is read only by a method that reads it, also inside of another one", async () => {
  const hint = { guided: "block1", hint: "block1" } as const;
  const without = [
    kd(),
    combine(kd(), fitnets(hint)),
    sakd(fitnets(hint)),
    weighted(({ student }) => student.taps.logits.shape.length),
  ];
  for (const method of without) assertEquals(await readsOf(method), []);
  const total = weighted(({ epochs }) => 1 / epochs);
  assertEquals(await readsOf(total), ["epochs"]);
  assertEquals(await readsOf(combine(kd(), total)), ["epochs"]);
  assertEquals(await readsOf(weighted(({ steps }) => steps)), ["steps"]);
  assertEquals(await readsOf(weighted((step) => Object.keys({ ...step }).length)), [
    "epochs",
    "steps",
  ]);
});
