import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { slkd, type SlkdOptions, slkdWeights } from "../../lib/distillers/slkd.ts";
import { slkdSequential } from "../../lib/distillers/slkd_sequential.ts";
import type { Values } from "../../lib/engine/engine.ts";
import { Failure } from "../../lib/values/failure.ts";
import type { TrainValues } from "../../lib/training/step.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { dullCopies } from "../support/dull_copies.ts";
import { open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { measured, type Rows } from "../support/logits.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { keepTerms } from "../support/keep_terms.ts";
import { assertNear } from "../support/tolerance.ts";
import { flat, training } from "../support/toy_training.ts";

await method("slkd", () => slkd());
await method("slkd with one copy", () => slkd({ copies: 1 }));
await method("slkd with three copies alone", () => slkd({ copies: 3, teacher: 0 }));
await method("slkd as released", () => slkd({ released: true, fusion: 0.3 }));

const taps = { student: { logits: [5] }, teacher: { logits: [5] } };
masks("slkd", () => keepTerms(dullCopies(slkd({ copies: 3 })), "teacher", "self"), taps);
masks(
  "slkd as released",
  () => keepTerms(dullCopies(slkd({ released: true })), "teacher", "self"),
  taps,
);

/** The self-learning teachers' gradients in the first step, and its losses. */
async function first(options: SlkdOptions) {
  const engine = await open("cpu");
  const { step, read } = await training(engine, slkd(options));
  const losses = await step();
  const gradients = flat(await read("velocity.distiller."));
  const student = flat(await read("velocity.student."));
  engine.close();
  return { losses, gradients, student };
}

Deno.test("slkd: reports the share of images that each copy and their fusion get right", async () => {
  for (const copies of [1, 2, 3]) {
    const { losses: { reports } } = await first({ copies });
    const own = Array.from({ length: copies }, (_, i) => `self${i + 1}_top1`);
    assertEquals(Object.keys(reports), ["self_top1", ...own]);
    assert(Object.values(reports).every(([share]) => share >= 0 && share <= 1));
    if (copies === 1) assertEquals(reports.self_top1, reports.self1_top1);
  }
});

Deno.test("slkdWeights: the weights of the terms, in the paper's text and in the released code", () => {
  const options = { ce: 0.25, teacher: 2, selfTeacher: 3 };
  const paper = slkdWeights({ ...options, released: false });
  assertEquals(paper, {
    task: 1.25,
    teacher: 1.5,
    self: 2.25,
    selfTask: 0.25,
    selfToTeacher: 0.75,
  });
  const released = slkdWeights({ ...options, released: true });
  assertEquals(released, { ...paper, task: 3.5, self: 3 });
});

const terms = (losses: Values<TrainValues>) => Object.keys(losses.terms);

Deno.test("slkd: the student's loss moves the self-learning teachers only with `joint`", async () => {
  for (
    const [options, isJoint] of [[{}, false], [{ released: true }, true], [
      { joint: true },
      true,
    ]] as const
  ) {
    const one = await first({ ...options, selfTeacher: 1 });
    const seven = await first({ ...options, selfTeacher: 7 });
    (isJoint ? assertNotEquals : assertEquals)(seven.gradients, one.gradients);
  }
});

Deno.test("slkd: joint gradients and the released weights are independent", async () => {
  const apart = await first({ released: true, joint: false });
  const paper = await first({});
  const released = await first({ released: true });
  const joint = await first({ joint: true });
  assertEquals(apart.losses, released.losses);
  assertEquals(apart.gradients, paper.gradients);
  assertEquals(apart.student, released.student);
  assertEquals(joint.losses, paper.losses);
  assertEquals(joint.student, paper.student);
});

Deno.test("slkd: the student learns from both, with the weights of Eq. 4", async () => {
  const { losses: whole } = await first({ ce: 0.1, teacher: 1, selfTeacher: 1 });
  const { losses: half } = await first({ ce: 0.1, teacher: 0.5, selfTeacher: 0 });
  assertAlmostEquals(half.terms.task[0], whole.terms.task[0] / 4, 1e-5);
  assertAlmostEquals(half.terms.teacher[0], whole.terms.teacher[0] / 2, 1e-5);
  assert(!terms(half).includes("self"));
  const { losses: released } = await first({ ce: 0.1, teacher: 1, selfTeacher: 1, released: true });
  assertAlmostEquals(released.terms.task[0], whole.terms.task[0] * 1.1 / 0.2, 1e-4);
  assertAlmostEquals(released.terms.self[0], whole.terms.self[0] / 0.9, 1e-4);
});

Deno.test("slkd: with the teacher's weight 0 the student learns only from the self-learning teachers, which learn as before", async () => {
  const alone = await first({ teacher: 0, copies: 1 });
  const both = await first({ copies: 1 });
  assertEquals(terms(alone.losses), ["task", "self", "self1_task", "self1_teacher"]);
  assertEquals(terms(both.losses), ["task", "teacher", "self", "self1_task", "self1_teacher"]);
  assertEquals(alone.losses.terms.self, both.losses.terms.self);
  assertAlmostEquals(alone.losses.terms.task[0], both.losses.terms.task[0] / 2, 1e-6);
  assertEquals(alone.gradients, both.gradients);
});

Deno.test("slkd: copies start with different values and have their own terms; with a share of 1 only the first teaches", async () => {
  const two = await first({ fusion: 1 });
  const one = await first({ copies: 1 });
  assertNotEquals(two.losses.terms.self1_task, two.losses.terms.self2_task);
  assertAlmostEquals(two.losses.terms.self[0], one.losses.terms.self[0], 1e-6);
  assertNear("the student's gradient", two.student, one.student, 1e-6);
});

const S: Rows = [[1, 2, 0.5], [3, -1, 0]];
const T: Rows = [[0, 1, 2], [3, -1, 1]];
const P: readonly Rows[] = [[[1, 0, 0], [0, 0, 2]], [[5, 0, 1], [0, 4, 2]], [[-1, 2, 0], [
  1,
  1,
  -3,
]]];
const CLASS = [1, 0];

/**
 * Takes a step with these logits, of the copies as many as there are. Returns the student's terms
 * and its gradient.
 */
async function scriptedStep(options: SlkdOptions) {
  const network = networkOfVariables({ logits: [2, 3] });
  const values = (rows: Rows) => Float32Array.from(rows.flat());
  const { copies = 2 } = options;
  const made = assembleStep({
    student: network,
    teacher: network,
    distiller: keepTerms(slkd(options), "task", "teacher", "self"),
    image: [1, 1, 1],
    classes: 3,
    values: new Map([
      ["student.logits.value", values(S)],
      ["teacher1.logits.value", values(T)],
      ...P.slice(0, copies).map((rows, i) =>
        [`distiller.self${i + 1}.0.logits.value`, values(rows)] as const
      ),
    ]),
  });
  const engine = await open("cpu");
  const image = { shape: [2, 1, 1, 1], data: new Float32Array(2) };
  const { values: losses, after } = await firstStep(engine, made)(image, Int32Array.from(CLASS));
  engine.close();
  return { losses, gradient: after("student.logits.value") };
}

Deno.test("slkd: two copies are fused by Eq. 7, three by thirds, as in slkdSequential", async () => {
  const [first, second, third] = P;
  const third3 = P[0].map((row, i) =>
    row.map((_, j) => (first[i][j] + second[i][j] + third[i][j]) / 3)
  );
  const mixed = P[0].map((row, i) => row.map((_, j) => 0.3 * first[i][j] + 0.7 * second[i][j]));
  const cases: readonly [SlkdOptions, Rows][] = [
    [{ copies: 1 }, first],
    [{ fusion: 1 }, first],
    [{ fusion: 0 }, second],
    [{ fusion: 0.3 }, mixed],
    [{ copies: 3 }, third3],
  ];
  for (const [options, fused] of cases) {
    const parallel = await scriptedStep({
      temperature: 3,
      ce: 0.2,
      teacher: 0.5,
      selfTeacher: 2,
      ...options,
    });
    const { terms, gradient } = await measured(
      slkdSequential({ temperature: 3, ce: 0.2, teacher: 0.5, selfTeacher: 2 }),
      { student: S, teacher: [T, fused], label: CLASS },
    );
    for (const [name, value] of Object.entries(terms)) {
      assertAlmostEquals(parallel.losses.terms[name][0], value, 1e-5);
    }
    assertNear(JSON.stringify(options), parallel.gradient, Float32Array.from(gradient), 1e-5);
  }
});

Deno.test("slkd: the declaration omits `joint` at its default, and has it otherwise", () => {
  const declared = {
    temperature: 4,
    ce: 0.1,
    teacher: 1,
    selfTeacher: 1,
    copies: 2,
    fusion: 0.5,
    released: false,
  };
  const options = (given?: SlkdOptions) => JSON.parse(JSON.stringify(slkd(given).options));
  assertEquals(options(), declared);
  assertEquals(options({ joint: false }), declared);
  assertEquals(options({ joint: true }), { ...declared, joint: true });
  assertEquals(options({ released: true, joint: true }), { ...declared, released: true });
  assertEquals(options({ copies: 3 }).fusion, undefined);
});

Deno.test("slkd: a share above 1 or for other than two copies, and a wrong number of copies, are refused", () => {
  const wrong: SlkdOptions[] = [
    { fusion: 1.5 },
    { fusion: NaN },
    { copies: 3, fusion: 0.5 },
    { copies: 1, fusion: 1 },
    { copies: 0 },
    { copies: 1.5 },
    { copies: NaN },
  ];
  for (const options of wrong) assertEquals(assertThrows(() => slkd(options), Failure).exit, 2);
});

Deno.test("slkd: mistakes in its options are compile errors", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  slkd({ copies: 4, joint: true });
  // @ts-expect-error: a text in place of a number.
  slkd({ copies: "2" });
  // @ts-expect-error: Eq. 7 has one coefficient.
  slkd({ fusion: [0.5, 0.5] });
  // @ts-expect-error: a misspelt option.
  slkd({ selfTeachers: 1 });
}
