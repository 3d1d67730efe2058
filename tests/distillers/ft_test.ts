import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ft, ftInit } from "../../lib/distillers/ft.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { Failure } from "../../lib/values/failure.ts";
import { assembleStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { large, small } from "../support/toy.ts";
import { flat, training } from "../support/toy_training.ts";
import { untrainedModule } from "../support/untrained_module.ts";

const paraphraser = untrainedModule(ftInit(), "paraphraser");
await method("ft", () => ft({ paraphraser }));
await method("ft beside kd", () => ft({ paraphraser, kd: 0.9, order: 2 }));
await method(
  "ft of whole factors of two sizes",
  () => ft({ paraphraser, student: "block1", teacher: "block2", factors: "whole" }),
);
await method("ft's first stage", () => ftInit());
await method("ft's first stage at a tap", () => ftInit({ teacher: "block1", rate: 0.25 }));

const taps = { student: { map: [5, 3, 4], logits: [5] }, teacher: { map: [2, 7, 4], logits: [5] } };
const even = { ...taps, teacher: taps.student };
for (const samples of ["different", "degenerate"] as const) {
  masks("ft", () => ft({ paraphraser }), taps, samples);
  masks(
    "ft of whole factors",
    () => ft({ paraphraser, factors: "whole", order: 2, kd: 1 }),
    even,
    samples,
  );
}

Deno.test("the paraphraser that ft takes never changes, its translator learns", async () => {
  const engine = await open("cpu");
  const { step, read, collected } = await training(engine, ft({ paraphraser }));
  const before = flat(await read("distiller.paraphraser."));
  const translator = flat(await read("distiller.translator."));
  await step();
  assertEquals(flat(await read("distiller.paraphraser.")), before);
  assertEquals(
    flat(await read("distiller.translator.")).every((value, i) => value === translator[i]),
    false,
  );
  assertEquals(
    [...collected.keys()].filter((name) => name.startsWith("velocity.distiller.paraphraser")),
    [],
  );
  engine.close();
});

Deno.test("ftInit refuses a tap that is no map and a rate that leaves no channel", () => {
  const refusal = (distiller: Distiller<typeof small, typeof large, unknown, "paraphraser">) => {
    const build = () =>
      assembleStep({
        student: small,
        teacher: large,
        distiller,
        image: [8, 8, 3],
        classes: 5,
        values: new Map(),
      });
    const { exit, message } = assertThrows(build, Failure);
    assertEquals(exit, 2);
    return message;
  };
  assertStringIncludes(refusal(ftInit({ teacher: "pooled" })), "[8]");
  assertStringIncludes(refusal(ftInit({ rate: 0.1 })), "[2,2,8]");
});
