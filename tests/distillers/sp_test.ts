import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { sp } from "../../lib/distillers/sp.ts";
import { Failure } from "../../lib/values/failure.ts";
import type { Net } from "../../lib/nn/network.ts";
import { assembleStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import type { Toy } from "../support/toy.ts";
import { training } from "../support/toy_training.ts";

await method("sp", () => sp());

const taps = { student: { map: [3, 3, 4], logits: [5] }, teacher: { map: [2, 5, 6], logits: [5] } };
for (const samples of ["different", "degenerate"] as const) {
  masks("sp", () => sp({ student: "map", teacher: "map", kd: 1 }), taps, samples);
  masks(
    "torchdistill's sp",
    () => sp({ student: "map", teacher: "map", rows: 1, kd: 1 }),
    taps,
    samples,
  );
}

/** The first step's terms. */
async function terms(distiller: Distiller<Toy, Toy>): Promise<Record<string, number>> {
  const engine = await open("cpu");
  const { step } = await training(engine, distiller);
  const values = Object.entries((await step()).terms);
  engine.close();
  return Object.fromEntries(values.map(([name, [value]]) => [name, value]));
}

Deno.test("sp: the last maps are compared by default", async () => {
  const last = await terms(sp());
  assertEquals(last, await terms(sp({ student: "block2", teacher: "block2" })));
  assertEquals(last.sp === (await terms(sp({ student: "block1", teacher: "block2" }))).sp, false);
});

Deno.test("sp: a network without maps is refused unless a tap is named", () => {
  const vectors = networkOfVariables({ pooled: [2, 4], logits: [2, 3] });
  const shared = {
    student: vectors,
    teacher: vectors,
    image: [1, 1, 1],
    classes: 3,
    values: new Map(),
  };
  const { exit, message } = assertThrows(
    () => assembleStep({ ...shared, distiller: sp() }),
    Failure,
  );
  assertEquals(exit, 2);
  assertStringIncludes(message, "no map");
  assembleStep({ ...shared, distiller: sp({ student: "pooled", teacher: "pooled" }) });
});

Deno.test("sp: the KL of logits is a term if it has a weight", async () => {
  assertEquals(Object.keys(await terms(sp())), ["task", "sp"]);
  assertEquals(Object.keys(await terms(sp({ kd: 1 }))), ["task", "sp", "kd"]);
});

Deno.test("sp: a tap that a network does not have is a compile error", () => {
  const between = <S extends Net, T extends Net>(_: S, __: T, distiller: Distiller<S, T>) =>
    distiller.id;
  const student = networkOfVariables({ block1: [2, 3, 3, 4], logits: [2, 3] });
  const teacher = networkOfVariables({ block2: [2, 6], logits: [2, 3] });
  between(student, teacher, sp({ student: "block1", teacher: "block2" }));
  // @ts-expect-error: the student has no such tap.
  between(student, teacher, sp({ student: "block2" }));
  // @ts-expect-error: the teacher has no such tap.
  between(student, teacher, sp({ teacher: "block1" }));
  // @ts-expect-error: there is no such norm.
  assertThrows(() => sp({ rows: 3 }), Failure, "`rows` is 3; it has to be 1 or 2");
});
