import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { experiment, from, mlkd, resnet20, resnet8, scratch, sgd } from "../../mod.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { open } from "../support/engines.ts";
import { type LogitInputs, measured, type Rows } from "../support/logits.ts";
import { method } from "../support/method.ts";
import { keepTerms } from "../support/keep_terms.ts";
import { training } from "../support/toy_training.ts";

const views = { strong: { crop: 2, flip: true } };
await method("mlkd", () => mlkd(), { views });
await method("mlkd of standardised logits", () => mlkd({ standardised: true }), { views });

const softmax = (row: readonly number[], T = 1) => {
  const powers = row.map((z) => Math.exp(z / T));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
};
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** The share of values that are at most their 50th percentile, as NumPy defines it. */
function shareAtMostMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (values.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return values.filter((value) => value <= median).length / values.length;
}

const transpose = (rows: Rows) => rows[0].map((_, i) => rows.map((row) => row[i]));
const products = (rows: Rows) => rows.map((a) => rows.map((b) => sum(a.map((x, i) => x * b[i]))));

/** The terms of the released code, written from its text. */
function released(
  { student, teacher, strong }: LogitInputs & { teacher: Rows },
  kd: number,
): Record<string, number> {
  const temperatures = [4, 3, 5, 2, 6];
  const weak = teacher.map((row) => softmax(row));
  const unsure = shareAtMostMedian(weak.map((row) => Math.max(...row)));
  const rare = shareAtMostMedian(transpose(weak).map(sum));
  const divergence = (s: Rows, t: Rows, T: number) =>
    T * T * sum(s.map((row, i) => {
      const q = softmax(row, T);
      const p = softmax(t[i], T);
      return sum(p.map((p, c) => p * Math.log(p / q[c])));
    })) / s.length;
  const distance = (of: (rows: Rows) => Rows, T: number) => {
    const [a, b] = [student, teacher].map((rows) =>
      products(of(rows.map((row) => softmax(row, T))))
    );
    return sum(a.flatMap((row, i) => row.map((x, j) => (x - b[i][j]) ** 2))) / a.length;
  };
  const instances = temperatures.map((T, i) =>
    unsure * divergence(student, teacher, T) +
    (i < 3 ? divergence(strong!.student, strong!.teacher, T) : divergence(student, teacher, T))
  );
  return {
    kd: kd * sum(instances),
    cc: kd * rare * sum(temperatures.map((T) => distance(transpose, T))),
    bc: kd * unsure * sum(temperatures.map((T) => distance((rows) => rows, T))),
  };
}

const rows = (of: number, batch: number, classes: number): Rows =>
  Array.from(
    { length: batch },
    (_, b) => Array.from({ length: classes }, (_, c) => 3 * Math.sin(of + 7 * b + 3 * c + b * c)),
  );

const viewsOf = (batch: number, classes: number) => ({
  student: rows(1, batch, classes),
  teacher: rows(2, batch, classes),
  strong: { student: rows(3, batch, classes), teacher: rows(4, batch, classes) },
  label: Array.from({ length: batch }, (_, i) => i % classes),
});

Deno.test("mlkd: equals the released code for odd and even numbers of samples and classes", async () => {
  for (const [batch, classes] of [[1, 3], [2, 5], [5, 7], [6, 4], [7, 10]]) {
    const logits = viewsOf(batch, classes);
    const { terms } = await measured(mlkd(), logits);
    const expected = released(logits, 0.9);
    for (const [name, value] of Object.entries(expected)) {
      assertAlmostEquals(
        terms[name],
        value,
        1e-4 * Math.max(1, value),
        `${name} of ${batch}×${classes}`,
      );
    }
  }
});

Deno.test("mlkd: samples and classes equal to the median all count as at most the median", async () => {
  const logits = {
    ...viewsOf(4, 4),
    teacher: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
  };
  const { terms } = await measured(mlkd(), logits);
  const expected = released(logits, 0.9);
  for (const [name, value] of Object.entries(expected)) {
    assertAlmostEquals(terms[name], value, 1e-4 * Math.max(1, value));
  }
});

Deno.test("mlkd: a masked loss is that of the sub-batch times its share, from no sample to all", async () => {
  const logits = viewsOf(5, 5);
  const distiller = keepTerms(mlkd({ standardised: true }), "kd", "cc", "bc");
  for (
    const mask of [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 0, 0, 1], [1, 0, 1, 1, 1], [
      1,
      1,
      1,
      1,
      1,
    ]]
  ) {
    const chosen = <T>(rows: readonly T[]) => rows.filter((_, i) => mask[i] === 1);
    const share = sum(mask) / 5;
    const whole = await measured(distiller, { ...logits, mask });
    assert([...Object.values(whole.terms), ...whole.gradient].every(Number.isFinite));
    if (share === 0) {
      assertEquals(whole.gradient.map(Math.abs), whole.gradient.map(() => 0));
      continue;
    }
    const gathered = await measured(distiller, {
      student: chosen(logits.student),
      teacher: chosen(logits.teacher),
      strong: { student: chosen(logits.strong.student), teacher: chosen(logits.strong.teacher) },
      label: chosen(logits.label),
    });
    for (const [name, value] of Object.entries(gathered.terms)) {
      assertAlmostEquals(whole.terms[name], share * value, 1e-4, name);
    }
    const at = logits.label.map((_, i) => sum(mask.slice(0, i)));
    whole.gradient.forEach((value, i) => {
      const row = Math.floor(i / 5);
      const expected = mask[row] ? share * gathered.gradient[5 * at[row] + i % 5] : 0;
      assertAlmostEquals(value, expected, 1e-4);
    });
  }
});

Deno.test("mlkd: both networks see the strong view", async () => {
  const first = async (crop: number) => {
    const engine = await open("cpu");
    const { step } = await training(engine, mlkd(), { views: { strong: { crop, flip: false } } });
    const losses = await step();
    engine.close();
    return losses;
  };
  const near = await first(0);
  const far = await first(3);
  assertEquals(near.terms.cc, far.terms.cc);
  assert(near.terms.kd[0] !== far.terms.kd[0] && near.terms.task[0] !== far.terms.task[0]);
});

declare const weak: Dataset;
declare const strong: Dataset<undefined, "strong">;

Deno.test("mlkd: a data set without the strong view is a compile error", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const meta = { url: "" };
  const schedule = sgd({ epochs: 1, batch: 64, lr: 0.1 });
  const teacher = from(
    experiment(meta, { dataset: weak, student: resnet20, distiller: scratch(), schedule }),
  );
  const shared = { student: resnet8, teacher, schedule };
  experiment(meta, { ...shared, dataset: strong, distiller: mlkd() });
  // @ts-expect-error: the data set has no view `strong`.
  experiment(meta, { ...shared, dataset: weak, distiller: mlkd() });
}
