import { assertAlmostEquals, assertEquals } from "@std/assert";
import { aver } from "../../lib/distillers/aver.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { large, small, type Toy, toy } from "../support/toy.ts";
import { training } from "../support/toy_training.ts";

const teacher: readonly [Toy, Toy] = [large, toy("larger", 6)];

await method("aver", () => aver(), { teacher });
await method("aver, standardised", () => aver({ standardised: true }), { teacher });

masks("aver", () => aver(), {
  student: { logits: [5] },
  teacher: [{ logits: [5] }, { logits: [5] }, { logits: [5] }],
});

Deno.test("aver is the mean of kd over the teachers", async () => {
  const engine = await open("cpu");
  const both = await (await training(engine, aver({ ce: 0.3, kd: 0.8 }), {
    teacher: [large, large],
    student: small,
  }))
    .step();
  const alone =
    await (await training(engine, kd({ ce: 0.3, kd: 0.8 }), { teacher: large, student: small }))
      .step();
  engine.close();
  assertEquals(Object.keys(both.terms), [
    "task",
    "teacher1",
    "teacher2",
  ]);
  assertAlmostEquals(both.terms.task[0], alone.terms.task[0], 1e-6);
  assertAlmostEquals(both.terms.teacher1[0], alone.terms.kd[0] / 2, 1e-6);
});
