import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  ensemble,
  experiment,
  from,
  kd,
  resnet20,
  resnet8,
  scratch,
  sgd,
  slkdSequential,
} from "../../mod.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { Failure } from "../../lib/values/failure.ts";
import { assembleStep } from "../support/assemble_step.ts";
import { networkOfVariables as network } from "../support/network_of_variables.ts";
import { type LogitInputs, measured } from "../support/logits.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { large, toy } from "../support/toy.ts";

await method("slkd_sequential", () => slkdSequential(), {
  teacher: [large, large, toy("larger", 6)] as const,
});
await method("slkd_sequential, one alone", () => slkdSequential({ teacher: 0 }), {
  teacher: [large, large] as const,
});

masks("slkd_sequential", () => slkdSequential({ fusion: 0.3 }), {
  student: { logits: [5] },
  teacher: [{ logits: [5] }, { logits: [5] }, { logits: [5] }],
});

const given = {
  student: [[1, 2, 0.5], [3, -1, 0]],
  teacher: [[[0, 1, 2], [3, -1, 1]], [[1, 0, 0], [0, 0, 2]], [[5, 0, 1], [0, 4, 2]]],
  label: [1, 0],
} as const satisfies LogitInputs;

const soft = (row: readonly number[], temperature: number) => {
  const powers = row.map((value) => Math.exp(value / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
};

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;

/** T² · KL(target ‖ student), its mean over the samples. */
const divergence = (target: readonly (readonly number[])[], temperature: number) =>
  mean(given.student.map((row, i) => {
    const s = soft(row, temperature);
    const t = soft(target[i], temperature);
    return temperature ** 2 * t.reduce((sum, p, j) => sum + p * Math.log(p / s[j]), 0);
  }));

Deno.test("slkd_sequential: the loss is Eq. 4 over frozen networks, computed by hand", async () => {
  const [teacher, first, second] = given.teacher;
  const fused = first.map((row, i) => row.map((value, j) => 0.3 * value + 0.7 * second[i][j]));
  const { terms } = await measured(
    slkdSequential({ temperature: 2, ce: 0.2, teacher: 0.5, selfTeacher: 3, fusion: 0.3 }),
    given,
  );
  const crossEntropy = mean(given.student.map((row, i) => -Math.log(soft(row, 1)[given.label[i]])));
  assertEquals(Object.keys(terms), ["task", "teacher", "self"]);
  assertAlmostEquals(terms.task, 3.5 * 0.2 * crossEntropy, 1e-5);
  assertAlmostEquals(terms.teacher, 0.5 * 0.8 * divergence(teacher, 2), 1e-5);
  assertAlmostEquals(terms.self, 3 * 0.8 * divergence(fused, 2), 1e-5);
});

Deno.test("slkd_sequential: with the teacher's weight 0, one self-learning teacher is kd's teacher", async () => {
  const [teacher, self] = given.teacher;
  const { terms: one } = await measured(kd(), { ...given, teacher: self });
  const { terms: alone } = await measured(slkdSequential({ teacher: 0 }), {
    ...given,
    teacher: [teacher, self],
  });
  assertEquals(Object.keys(alone), ["task", "self"]);
  assertAlmostEquals(alone.task, one.task, 1e-6);
  assertAlmostEquals(alone.self, one.kd, 1e-6);
  const { terms: none } = await measured(slkdSequential({ selfTeacher: 0 }), {
    ...given,
    teacher: [teacher, self],
  });
  assertEquals(Object.keys(none), ["task", "teacher"]);
});

Deno.test("slkd_sequential: fusion is a share, of two self-learning teachers only", () => {
  const one = network({ logits: [2, 3] });
  const made = (fusion: number, ...more: (typeof one)[]) => () =>
    assembleStep({
      student: one,
      teacher: [one, one, ...more],
      distiller: slkdSequential({ fusion }),
      image: [1, 1, 1],
      classes: 3,
      values: new Map(),
    });
  for (const build of [made(0.5), made(1.5, one), made(0.5, one, one)]) {
    assertEquals(assertThrows(build, Failure).exit, 2);
  }
  made(0.5, one)();
});

declare const dataset: Dataset;

Deno.test("slkd_sequential: a teacher without a self-learning one is a compile error", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const meta = { url: "" };
  const schedule = sgd({ epochs: 1, batch: 64, lr: 0.1 });
  const shared = { dataset, student: resnet8, schedule };
  const trained = experiment(meta, { ...shared, student: resnet20, distiller: scratch() });
  const self = experiment(meta, {
    ...shared,
    teacher: from(trained),
    student: resnet20,
    distiller: kd(),
  });
  const teacher = ensemble(from(trained), from(self), from(self, { seed: 2 }));
  experiment(meta, { ...shared, teacher, distiller: slkdSequential() });
  // @ts-expect-error: only the teacher.
  experiment(meta, { ...shared, teacher: from(trained), distiller: slkdSequential() });
  // @ts-expect-error: a tuple of one.
  experiment(meta, { ...shared, teacher: [from(trained)], distiller: slkdSequential() });
  // @ts-expect-error: their number is that of the teachers after the first.
  slkdSequential({ copies: 2 });
  // @ts-expect-error: there is no released code.
  slkdSequential({ released: true });
}
