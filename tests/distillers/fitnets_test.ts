import { assertEquals, assertNotEquals } from "@std/assert";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { flat, training } from "../support/toy_training.ts";

await method("fitnets", () => fitnets());
await method(
  "fitnets from a larger map",
  () => fitnets({ guided: "block1", hint: "block2", weight: 10 }),
);

for (const [side, target] of [[4, 4], [2, 4], [4, 3]]) {
  const taps = {
    student: { map: [side, side, 3], logits: [5] },
    teacher: { map: [target, target, 4] },
  };
  masks(`fitnets from ${side} to ${target}`, () => fitnets({ guided: "map", hint: "map" }), taps);
  masks(
    `fitnets from ${side} to ${target}`,
    () => fitnets({ guided: "map", hint: "map" }),
    taps,
    "degenerate",
  );
}

Deno.test("the hint's weight reaches the guided stage and none after it", async () => {
  const gradients = async (weight: number) => {
    const engine = await open("cpu");
    const { step, read } = await training(
      engine,
      fitnets({ guided: "block1", hint: "block1", weight }),
    );
    await step();
    const gradient = async (tap: string) => flat(await read(`velocity.student.${tap}`));
    const result = { block1: await gradient("block1"), block2: await gradient("block2") };
    engine.close();
    return result;
  };
  const weak = await gradients(1);
  const strong = await gradients(50);
  assertNotEquals(weak.block1, strong.block1);
  assertEquals(weak.block2, strong.block2);
});
