import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { dgkd, experiment, from, resnet20, resnet8, scratch, sgd } from "../../mod.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { Failure } from "../../lib/values/failure.ts";
import { assembleStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { networkOfVariables as network } from "../support/network_of_variables.ts";
import { type LogitInputs, measured } from "../support/logits.ts";
import { method } from "../support/method.ts";
import { large, small } from "../support/toy.ts";
import { training } from "../support/toy_training.ts";

const teacher = [large, small, large] as const;
await method("dgkd", () => dgkd(), { teacher });
await method(
  "dgkd with all of its teachers",
  () => dgkd({ drop: 0, kd: 0.5, standardised: true }),
  { teacher },
);

const given: LogitInputs = {
  student: [[1, 2, 0.5], [3, -1, 0]],
  teacher: [[[0, 1, 2], [3, -1, 1]], [[1, 0, 0], [0, 0, 2]], [[5, 0, 1], [0, 4, 2]]],
  label: [1, 0],
};

Deno.test("dgkd: a step leaves out `drop` teachers, those with the lowest random numbers", async () => {
  const { terms: all } = await measured(dgkd({ drop: 0 }), given);
  const names = ["teacher1", "teacher2", "teacher3"];
  for (const [drop, left] of [[1, [1, 0, 1]], [2, [0, 0, 1]]] as const) {
    const { terms } = await measured(dgkd({ drop }), { ...given, drawn: [0.5, 0.1, 0.7] });
    names.forEach((name, i) => assertAlmostEquals(terms[name], left[i] * all[name], 1e-6));
  }
});

Deno.test("dgkd: every teacher is left out of some steps and none of all", async () => {
  const engine = await open("cpu");
  const { step } = await training(engine, dgkd(), { teacher });
  const left = [0, 0, 0];
  for (let i = 0; i < 12; i++) {
    const losses = await step(0);
    const out = left.map((_, i) => losses.terms[`teacher${i + 1}`][0] === 0);
    assertEquals(out.filter(Boolean).length, 1);
    left[out.indexOf(true)]++;
  }
  engine.close();
  assert(left.every((count) => count > 0), `${left}`);
});

Deno.test("dgkd: masked, each teacher's term is that of the sub-batch times its share", async () => {
  const { terms: first } = await measured(dgkd({ drop: 0 }), {
    student: given.student.slice(0, 1),
    teacher: given.teacher.map((rows) => rows.slice(0, 1)) as LogitInputs["teacher"],
    label: [1],
  });
  const { terms: whole } = await measured(dgkd({ drop: 0 }), given);
  const { terms: masked } = await measured(dgkd({ drop: 0 }), { ...given, mask: [1, 0] });
  for (const name of ["teacher1", "teacher2", "teacher3"]) {
    assertAlmostEquals(masked[name], first[name] / 2, 1e-6);
  }
  assertAlmostEquals(masked.task, whole.task, 1e-6);
});

Deno.test("dgkd: drop is a whole number below the number of teachers", () => {
  const one = network({ logits: [2, 3] });
  const build = (drop: number) => () =>
    assembleStep({
      student: one,
      teacher: [one, one],
      distiller: dgkd({ drop }),
      image: [1, 1, 1],
      classes: 3,
      values: new Map(),
    });
  for (const drop of [2, -1, 0.5]) assertEquals(assertThrows(build(drop), Failure).exit, 2);
  build(1)();
});

declare const dataset: Dataset;

Deno.test("dgkd: fewer than two teachers are a compile error", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const meta = { url: "" };
  const schedule = sgd({ epochs: 1, batch: 64, lr: 0.1 });
  const shared = { dataset, student: resnet8, schedule };
  const teacher = from(experiment(meta, { ...shared, student: resnet20, distiller: scratch() }));
  experiment(meta, { ...shared, teacher: [teacher, teacher], distiller: dgkd() });
  // @ts-expect-error: one teacher.
  experiment(meta, { ...shared, teacher, distiller: dgkd() });
  // @ts-expect-error: a tuple of one.
  experiment(meta, { ...shared, teacher: [teacher], distiller: dgkd() });
}
