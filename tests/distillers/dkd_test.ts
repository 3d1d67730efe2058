import { assert, assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  type Dataset,
  dkd,
  experiment,
  from,
  kd,
  type Mix,
  resnet20,
  resnet8,
  scratch,
  sgd,
} from "../../mod.ts";
import { kl } from "../../lib/nn/ops.ts";
import { type LogitInputs, measured } from "../support/logits.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";

await method("dkd", () => dkd());
await method("dkd of standardised logits", () => dkd({ standardised: true, warmUp: 1 }));

const taps = { student: { logits: [5] }, teacher: { logits: [5] } };
masks("dkd", () => dkd({ warmUp: 1 }), taps);
masks("dkd of standardised logits", () => dkd({ warmUp: 1, standardised: true }), taps);

const given: LogitInputs = {
  student: [[1, 2, 0.5, 3], [3, -1, 0, 1]],
  teacher: [[0, 1, 2, -1], [3, -1, 1, 0]],
  label: [1, 0],
};

Deno.test("dkd: TCKD and (1 − the teacher's p_y) times NCKD add up to KD (Eq. 7)", async () => {
  const temperature = 2.5;
  const { student, teacher, label } = given;
  for (const i of [0, 1]) {
    const one = {
      student: [student[i]],
      teacher: [teacher[i]] as LogitInputs["student"],
      label: [label[i]],
    };
    const { terms: { tckd, nckd } } = await measured(
      dkd({ temperature, alpha: 1, beta: 1, warmUp: 1 }),
      one,
    );
    const powers = one.teacher[0].map((z) => Math.exp(z / temperature));
    const own = powers[label[i]] / powers.reduce((a, b) => a + b);
    const [whole] = tf.tidy(() =>
      kl(tf.tensor2d([[...one.student[0]]]), tf.tensor2d([[...one.teacher[0]]]), temperature)
        .dataSync()
    );
    assertAlmostEquals(tckd + (1 - own) * nckd, whole, 1e-5);
  }
});

Deno.test("dkd: both parts grow with the epochs of the warm-up and no further", async () => {
  const at = async (epoch: number) =>
    (await measured(dkd({ warmUp: 10 }), { ...given, epoch })).terms;
  const full = await at(10);
  for (const [epoch, share] of [[1, 0.1], [5, 0.5], [10, 1], [11, 1], [240, 1]]) {
    const { task, tckd, nckd } = await at(epoch);
    assertAlmostEquals(task, full.task, 1e-6);
    assertAlmostEquals(tckd, share * full.tckd, 1e-5);
    assertAlmostEquals(nckd, share * full.nckd, 1e-5);
  }
});

Deno.test("dkd: where one class has all of the probability, values and gradients are finite", async () => {
  const student = [[800, -800, 0], [0, 0, 0], [-800, 800, 0]];
  const teacher = [[800, -800, 0], [900, 0, 0], [900, -900, 0]];
  for (const standardised of [false, true]) {
    const distiller = dkd({ temperature: 1, warmUp: 1, standardised });
    const { terms, gradient } = await measured(distiller, { student, teacher, label: [0, 0, 1] });
    assert(
      [...Object.values(terms), ...gradient].every(Number.isFinite),
      JSON.stringify({ terms, gradient }),
    );
  }
});

declare const mixed: Dataset<Mix>;
declare const dataset: Dataset;

Deno.test("dkd: a data set that mixes images is a compile error", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const meta = { url: "" };
  const schedule = sgd({ epochs: 1, batch: 64, lr: 0.1 });
  const teacher = from(
    experiment(meta, { dataset, student: resnet20, distiller: scratch(), schedule }),
  );
  const shared = { student: resnet8, teacher, schedule };
  experiment(meta, { ...shared, dataset, distiller: dkd() });
  experiment(meta, { ...shared, dataset: mixed, distiller: kd() });
  // @ts-expect-error: a mixed image has more than one class.
  experiment(meta, { ...shared, dataset: mixed, distiller: dkd() });
  // @ts-expect-error: a misspelt option.
  dkd({ warmup: 20 });
}
