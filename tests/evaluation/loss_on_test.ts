import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { aver } from "../../lib/distillers/aver.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { type LossInputs, lossOn } from "../../lib/evaluation/loss_on.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import type { Scorer } from "../../lib/nn/network.ts";
import { kl, reverseGradient } from "../../lib/nn/ops.ts";
import { scalarVariable } from "../../lib/nn/variables.ts";
import { Failure } from "../../lib/values/failure.ts";
import * as tf from "@tensorflow/tfjs";

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
    "no variable distiller.temprature: it has distiller.temperature",
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
});
