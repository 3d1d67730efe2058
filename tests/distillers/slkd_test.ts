import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { slkd, type SlkdOptions } from "../../lib/distillers/slkd.ts";
import { Failure } from "../../lib/failure.ts";
import { open } from "../engines.ts";
import { method } from "../method.ts";
import { flat, training } from "../toy_training.ts";

await method("slkd", () => slkd());
await method("slkd with one copy", () => slkd({ copies: 1 }));
await method("slkd as released", () => slkd({ released: true, fusion: 0.3 }));

/** The self-learning teachers' gradients in the first step, and its losses. */
async function first(options: SlkdOptions) {
  const engine = await open("cpu"), { step, read } = await training(engine, slkd(options));
  const losses = await step();
  const gradients = flat(await read("velocity.distiller.")), student = flat(await read("velocity.student."));
  engine.close();
  return { losses, gradients, student };
}

Deno.test("the student draws the self-learning teachers towards itself in the released code only", async () => {
  assertEquals((await first({ selfTeacher: 1 })).gradients, (await first({ selfTeacher: 7 })).gradients);
  const one = await first({ released: true, selfTeacher: 1 }), seven = await first({ released: true, selfTeacher: 7 });
  assertNotEquals(one.gradients, seven.gradients);
});

Deno.test("the student learns from both, each weight where Eq. 4 has it", async () => {
  const { losses: whole } = await first({ ce: 0.1, teacher: 1, selfTeacher: 1 });
  const { losses: half } = await first({ ce: 0.1, teacher: 0.5, selfTeacher: 0 });
  assertAlmostEquals(half["loss/task"][0], whole["loss/task"][0] / 4, 1e-5);
  assertAlmostEquals(half["loss/teacher"][0], whole["loss/teacher"][0] / 2, 1e-5);
  assertEquals(half["loss/self"][0], 0);
  const { losses: released } = await first({ ce: 0.1, teacher: 1, selfTeacher: 1, released: true });
  assertAlmostEquals(released["loss/task"][0], whole["loss/task"][0] * 1.1 / 0.2, 1e-4);
  assertAlmostEquals(released["loss/self"][0], whole["loss/self"][0] / 0.9, 1e-4);
});

Deno.test("two copies start differently, each with its own terms; with all of the share the second teaches nothing", async () => {
  const two = await first({ fusion: 1 }), one = await first({ copies: 1 });
  assertNotEquals(two.losses["loss/self1_task"], two.losses["loss/self2_task"]);
  assertEquals(Object.keys(one.losses).filter((name) => name.startsWith("loss/self")), [
    "loss/self",
    "loss/self1_task",
    "loss/self1_teacher",
  ]);
  assertAlmostEquals(two.losses["loss/self"][0], one.losses["loss/self"][0], 1e-6);
  assert(two.student.every((value, i) => Math.abs(value - one.student[i]) < 1e-5));
});

Deno.test("a share above one is refused", () => {
  assertEquals(assertThrows(() => slkd({ fusion: 1.5 }), Failure).exit, 2);
});
