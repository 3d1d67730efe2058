import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import {
  dfgkd,
  type DfgkdOptions,
  experiment,
  from,
  resnet20,
  resnet8,
  scratch,
  sgd,
} from "../../mod.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { dullCopies } from "../support/dull_copies.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { keepTerms } from "../support/keep_terms.ts";
import { flat, training } from "../support/toy_training.ts";

await method("dfgkd", () => dfgkd());

masks("dfgkd", () => keepTerms(dullCopies(dfgkd()), "teacher", "self", "self_student"), {
  student: { logits: [5] },
  teacher: { logits: [5] },
});

/** The first step's losses and the gradients of student and copy. */
async function first(options: DfgkdOptions) {
  const engine = await open("cpu");
  const { step, read } = await training(engine, dfgkd(options));
  const losses = await step();
  const student = flat(await read("velocity.student."));
  const copy = flat(await read("velocity.distiller.self."));
  engine.close();
  return { losses, student, copy };
}

Deno.test("dfgkd: neither student nor copy is a constant to the other, and process weighs the student's side alone", async () => {
  const one = await first({ process: 1 });
  const two = await first({ process: 2 });
  assertNotEquals(two.student, one.student);
  assertNotEquals(two.copy, one.copy);
  assertAlmostEquals(two.losses.terms.self[0], 2 * one.losses.terms.self[0], 1e-5);
  for (const name of ["teacher", "self_task", "self_teacher", "self_student"]) {
    assertEquals(two.losses.terms[name], one.losses.terms[name]);
  }
  assertAlmostEquals(
    two.losses.terms.task[0],
    one.losses.terms.task[0] * (0.1 + 1.8) / (0.1 + 0.9),
    1e-5,
  );
});

declare const dataset: Dataset;

Deno.test("dfgkd: no teacher, or several, is a compile error", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const meta = { url: "" };
  const schedule = sgd({ epochs: 1, batch: 64, lr: 0.1 });
  const shared = { dataset, student: resnet8, schedule };
  const teacher = from(experiment(meta, { ...shared, student: resnet20, distiller: scratch() }));
  experiment(meta, { ...shared, teacher, distiller: dfgkd() });
  // @ts-expect-error: no teacher.
  experiment(meta, { ...shared, distiller: dfgkd() });
  // @ts-expect-error: two teachers.
  experiment(meta, { ...shared, teacher: [teacher, teacher], distiller: dfgkd() });
  // @ts-expect-error: an option of slkd.
  dfgkd({ copies: 1 });
}
