import { assertEquals, assertNotEquals } from "@std/assert";
import { at } from "../../lib/distillers/at.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { training } from "../support/toy_training.ts";

await method("at", () => at());
await method(
  "at of maps of two sizes, by the paper's distance, beside kd",
  () => at({ taps: [["block1", "block2"]], distance: "norm", kd: 1 }),
);

const taps = { student: { map: [5, 3, 4], logits: [5] }, teacher: { map: [2, 7, 6], logits: [5] } };
for (const samples of ["different", "degenerate"] as const) {
  for (const distance of ["squared", "norm"] as const) {
    masks(`at, ${distance}`, () => at({ taps: [["map", "map"]], distance, kd: 1 }), taps, samples);
  }
}

Deno.test("each pair of taps is a term of its own", async () => {
  const engine = await open("cpu");
  const values = async (distiller: ReturnType<typeof at>) =>
    await (await training(engine, distiller)).step();
  assertEquals(Object.keys((await values(at())).terms), [
    "task",
    "at_block1",
    "at_block2",
  ]);
  const [one, thousand] = [await values(at({ weight: 1 })), await values(at())];
  assertNotEquals(thousand.loss, one.loss);
  engine.close();
});

Deno.test("at declares its options", () => {
  assertEquals(at().options, {
    taps: "maps",
    distance: "squared",
    weight: 1000,
    ce: 1,
    kd: 0,
    temperature: 4,
  });
  assertEquals(at({ taps: [["block1", "block2"]] }).options, {
    ...at().options as object,
    taps: [["block1", "block2"]],
  });
});
