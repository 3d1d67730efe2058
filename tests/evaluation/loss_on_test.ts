import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { aver } from "../../lib/distillers/aver.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { type LossInputs, lossOn } from "../../lib/evaluation/loss_on.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { dense } from "../../lib/nn/layers.ts";
import { type Classifier, logitsOutput, type Scorer } from "../../lib/nn/network.ts";
import { kl, reverseGradient } from "../../lib/nn/ops.ts";
import { stage } from "../../lib/nn/stage.ts";
import { runAfter } from "../../lib/nn/tail.ts";
import { scalarVariable } from "../../lib/nn/variables.ts";
import { Failure } from "../../lib/values/failure.ts";
import * as tf from "@tensorflow/tfjs";
import { everything, needs } from "../support/needs.ts";

const given = {
  student: { logits: [[1, 2, 0.5]] },
  teacher: { logits: [[0, 3, 1]] },
  label: [1],
} as const;
const powers = (row: readonly number[], t: number) => row.map((x) => Math.exp(x / t));
const softmax = (row: readonly number[], t = 1) => {
  const all = powers(row, t);
  const sum = all.reduce((a, b) => a + b);
  return all.map((x) => x / sum);
};

Deno.test("lossOn: terms and gradient of KD are those of its equation", async () => {
  const { loss, terms, gradients } = await lossOn(kd({ temperature: 2, ce: 0, kd: 1 }), given);
  const [s] = given.student.logits.map((row) => softmax(row, 2));
  const [t] = given.teacher.logits.map((row) => softmax(row, 2));
  const divergence = t.reduce((sum, p, i) => sum + p * Math.log(p / s[i]), 0);
  assertAlmostEquals(terms.kd, 4 * divergence, 1e-6);
  assertAlmostEquals(loss, terms.kd, 1e-6);
  assertEquals(Object.keys(gradients), ["student.logits"]);
  gradients["student.logits"].forEach((value, i) =>
    assertAlmostEquals(value, 2 * (s[i] - t[i]), 1e-6)
  );
});

Deno.test("lossOn: no teacher, several, and maps; variables of the method and their gradients", async () => {
  const { loss } = await lossOn(scratch(), { student: given.student, label: [1] });
  assertAlmostEquals(loss, -Math.log(softmax(given.student.logits[0])[1]), 1e-6);
  const one = await lossOn(kd({ ce: 1 }), given);
  const two = await lossOn(aver(), { ...given, teacher: [given.teacher, given.teacher] });
  assertAlmostEquals(one.loss, two.loss, 1e-5);
  const map = [[[[1, 2], [3, 4]], [[0, 1], [1, 0]]]];
  const hint = await lossOn(fitnets({ guided: "block2", hint: "block2", ce: 0 }), {
    student: { block2: map, logits: [[0, 1]] },
    teacher: { block2: map },
    label: [0],
  });
  assert(hint.gradients["student.block2"].length === 8);
  assert(Object.keys(hint.gradients).some((name) => name.startsWith("distiller.regressor.")));
});

/** A learned temperature against the student, over the epochs of a run. */
const learned: Distiller<Scorer, Scorer> = {
  id: "learned",
  options: {},
  build({ create }) {
    const temperature = scalarVariable(create, "temperature", 2);
    return ({ student, teacher, live, epoch, epochs, step, steps }) => {
      const reversed = reverseGradient(live.read(temperature), tf.div(epoch, epochs));
      const values = kl(student.taps.logits, teacher.taps.logits, reversed);
      const place = tf.div(tf.cast(step, "float32"), steps);
      return {
        terms: { kd: [1, values] },
        writes: [],
        reports: { place: tf.mul(tf.onesLike(values), place) },
      };
    };
  },
};

Deno.test("lossOn: a learned scalar, its value, its reversed gradient, and the length of the run", async () => {
  const at = async (temperature: number, epoch = 1) =>
    await lossOn(learned, {
      ...given,
      epoch,
      epochs: 4,
      values: { "distiller.temperature": [temperature] },
    });
  const slope = ((await at(2.01)).loss - (await at(1.99)).loss) / 0.02;
  const { gradients, reports } = await at(2, 2);
  assertAlmostEquals(gradients["distiller.temperature"][0], -slope / 2, 1e-3);
  assertAlmostEquals(reports.place, 1 / 4, 1e-6);
  const initial = await lossOn(learned, given);
  assertAlmostEquals(initial.loss, (await at(2)).loss, 1e-6);
});

Deno.test("lossOn: unknown variables, other batches and ragged rows are refused by name", async () => {
  const values = { "distiller.temprature": [1] };
  await assertRejects(
    () => lossOn(learned, { ...given, values }),
    Failure,
    "no variable is named distiller.temprature: there are distiller.temperature",
  );
  await assertRejects(
    () => lossOn(kd(), { ...given, label: [0, 1] }),
    Failure,
    "logits has 1 samples, but there are 2 labels",
  );
  const ragged: LossInputs<Scorer, Scorer> = {
    ...given,
    student: { logits: [[1, 2], [1]] },
    label: [0, 1],
  };
  await assertRejects(() => lossOn(kd(), ragged), Failure, "the rows of logits differ");
  const uneven = { ...given, student: { logits: [[1, 2], [1, 2, 3], [1]] }, label: [0, 1, 0] };
  await assertRejects(() => lossOn(kd(), uneven), Failure, "the rows of logits differ");
});

Deno.test("lossOn: labels, images and values that do not fit are refused by name", async () => {
  const refused = async (inputs: Partial<LossInputs<Scorer, Scorer>>, message: string) =>
    await assertRejects(() => lossOn(learned, { ...given, ...inputs }), Failure, message);
  await refused({ label: [3] }, "the label 3 is no class: give each image one of 0 to 2");
  await refused({ label: [3], classes: 5 }, "has logits of [3], but the data set has 5 classes");
  await refused({ label: [0.5] }, "the label 0.5 is no class");
  await refused({ label: [] }, "there is no label");
  await refused({ image: [[1, 2]] }, "image is [1,2] in place of [1, height, width, channels]");
  await refused(
    { values: { "distiller.temperature": [1, 2] } },
    "distiller.temperature has the shape [], not [2]",
  );
  await refused({ values: { "student.logits.given": [1, 2, 3] } }, "no variable is named student.");
  const stages = { logits: stage(dense(3)) };
  await assertRejects(
    () => lossOn(kd(), { student: stages, teacher: stages, label: [0] }),
    Failure,
    "give the number of classes, as classes",
  );
});

/** Runs the teacher's head on the student's features. */
const headed: Distiller<Classifier, Classifier> = {
  id: "headed",
  options: {},
  build: ({ teacher }) => ({ student, task, frozen }) => {
    const scores = runAfter(teacher, "pooled", student.taps.pooled, frozen);
    return { task: [1, task(logitsOutput(scores))] };
  },
};

Deno.test("lossOn: a tap may be a stage, with its variables; the head of a teacher has to be one", async () => {
  const features = [[1, -2]];
  const weight = [[1, 2, 0.5], [0, -1, 3]];
  const bias = [0.5, 0, -1];
  const inputs = {
    student: { pooled: features, logits: [[0, 0, 0]] },
    teacher: { pooled: [[5, 5]], logits: stage(dense(3)) },
    label: [1],
    values: { "teacher1.logits.weight": weight, "teacher1.logits.bias": bias },
  };
  const { loss, gradients } = await lossOn(headed, inputs);
  const scores = bias.map((b, j) =>
    b + features[0].reduce((sum, x, i) => sum + x * weight[i][j], 0)
  );
  const p = softmax(scores);
  assertAlmostEquals(loss, -Math.log(p[1]), 1e-5);
  assertEquals(Object.keys(gradients), ["student.pooled"]);
  weight.forEach((row, i) => {
    const slope = row.reduce((sum, w, j) => sum + w * (p[j] - (j === 1 ? 1 : 0)), 0);
    assertAlmostEquals(gradients["student.pooled"][i], slope, 1e-5);
  });
  const numbers = { ...inputs, teacher: { pooled: [[5, 5]], logits: [[0, 1, 2]] }, values: {} };
  await assertRejects(
    () => lossOn(headed, numbers),
    Failure,
    "runs the stage logits on features of its own",
  );
  const transposed = {
    ...inputs,
    values: { "teacher1.logits.weight": [[1, 0], [2, -1], [0.5, 3]] },
  };
  await assertRejects(
    () => lossOn(headed, transposed),
    Failure,
    "teacher1.logits.weight has the shape [2,3], not [3,2]",
  );
  const { loss: own } = await lossOn(scratch(), {
    student: { pooled: features, logits: stage(dense(3)) },
    label: [1],
    classes: 3,
    values: { "student.logits.weight": weight, "student.logits.bias": bias },
  });
  assertAlmostEquals(own, loss, 1e-6);
});

await needs(everything, "lossOn: several at once, on two backends", async () => {
  const backends = ["cpu", "tensorflow", "tensorflow", "cpu"] as const;
  const found = await Promise.all(backends.map((backend) => lossOn(kd(), { ...given, backend })));
  for (const { loss } of found) assertAlmostEquals(loss, found[0].loss, 1e-6);
});

Deno.test("lossOn: a method sees the images as they are given", async () => {
  const bright: Distiller<Scorer> = {
    id: "bright",
    options: {},
    build: () => ({ image, student, task }) => ({
      task: [1, task(student)],
      bright: [1, tf.mean(image, [1, 2, 3])],
    }),
  };
  const { terms } = await lossOn(bright, {
    student: { logits: [[1, 2]] },
    label: [0],
    image: [[[[3, -5, 8]]]],
  });
  assertAlmostEquals(terms.bright, 2, 1e-5);
});
