import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { kdDagger, type KdDaggerOptions } from "../../lib/distillers/kd_dagger.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { keepTerms } from "../support/keep_terms.ts";
import { flat, training } from "../support/toy_training.ts";

await method("kd_dagger", () => kdDagger());
await method("kd_dagger of the head", () => kdDagger({ tune: "head" }));
await method("kd_dagger of an adapter", () => kdDagger({ tune: "adapter", standardised: true }));

masks("kd_dagger", () => keepTerms(kdDagger({ tune: "adapter" }), "kd"), {
  student: { logits: [5] },
  teacher: { pooled: [3], logits: [5] },
});

/**
 * The first step's losses and gradients, the initial values, and the names of the method's own
 * variables.
 */
async function first(options: KdDaggerOptions) {
  const engine = await open("cpu");
  const { step, read, collected } = await training(engine, kdDagger(options));
  const start = await read("");
  const losses = await step();
  const student = flat(await read("velocity.student."));
  const own = flat(await read("velocity.distiller."));
  engine.close();
  return {
    losses,
    student,
    own,
    start,
    names: [...collected.keys()].filter((name) => name.startsWith("distiller.")),
  };
}

Deno.test("kd_dagger: the copy, whole or of the head, starts from the teacher's values", async () => {
  for (
    const [tune, prefix, of] of [["all", "distiller.teacher.0.", ""], [
      "head",
      "distiller.head.0.",
      "",
    ]] as const
  ) {
    const { start, names } = await first({ tune });
    assert(names.length > 0 && names.every((name) => name.startsWith(prefix)));
    for (const name of names) {
      assertEquals(start.get(name), start.get(`teacher1.${of}${name.slice(prefix.length)}`), name);
    }
    assertEquals(names.some((name) => name.includes("block1")), tune === "all");
  }
});

Deno.test("kd_dagger: a head teaches as the teacher does before its first update, an adapter nearly so", async () => {
  const engine = await open("cpu");
  const { step } = await training(engine, kd({ temperature: 4, ce: 1, kd: 1 }));
  const expected = (await step()).terms.kd[0];
  engine.close();
  assertAlmostEquals((await first({ tune: "head" })).losses.terms.kd[0], expected, 1e-5);
  assertAlmostEquals(
    (await first({ tune: "adapter" })).losses.terms.kd[0],
    expected,
    1e-2 * expected,
  );
});

Deno.test("kd_dagger: both networks learn, each with the other as a constant", async () => {
  for (const tune of ["all", "head", "adapter"] as const) {
    const both = await first({ tune });
    assertEquals(both.student, (await first({ tune, reverse: 3 })).student);
    assertNotEquals(both.own, (await first({ tune, reverse: 3 })).own);
    assertEquals(both.own, (await first({ tune, kd: 3 })).own);
    assertNotEquals(both.student, (await first({ tune, kd: 3 })).student);
  }
});

Deno.test("kd_dagger: other ways to tune are a compile error", () => {
  // @ts-expect-error: there is no such way.
  assert(() => kdDagger({ tune: "body" }));
});
