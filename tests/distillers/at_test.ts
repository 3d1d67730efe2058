import { assertEquals, assertNotEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { at, attentionMap } from "../../lib/distillers/at.ts";
import { open } from "../engines.ts";
import { draw } from "../kernels/gradients.ts";
import { masks } from "../masks.ts";
import { method } from "../method.ts";
import { training } from "../toy_training.ts";

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

Deno.test("an attention map has length 1, whatever the map's scale; that of nothing is nothing", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const map = draw("map", [2, 3, 4, 5]),
      [ours, scaled, none] = [map, tf.mul(map, 100), tf.zerosLike(map)]
        .map((map) => attentionMap(map));
    assertEquals(ours.shape, [2, 12]);
    const largest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0];
    assertEquals(largest(tf.sub(tf.norm(ours, 2, 1), 1)) < 1e-6, true);
    assertEquals(largest(tf.sub(ours, scaled)) < 1e-6, true);
    assertEquals(largest(none), 0);
    assertEquals(largest(tf.grad((x) => tf.sum(attentionMap(x)))(none)), 0);
  });
});

Deno.test("each pair of taps is a term of its own", async () => {
  const engine = await open("cpu");
  const values = async (distiller: ReturnType<typeof at>) => await (await training(engine, distiller)).step();
  assertEquals(Object.keys((await values(at())).terms), [
    "task",
    "at_block1",
    "at_block2",
  ]);
  const [one, thousand] = [await values(at({ weight: 1 })), await values(at())];
  assertNotEquals(thousand.loss, one.loss);
  engine.close();
});

Deno.test("what at is asked for is in its declaration", () => {
  assertEquals(at().options, { taps: "maps", distance: "squared", weight: 1000, ce: 1, kd: 0, temperature: 4 });
  assertEquals(at({ taps: [["block1", "block2"]] }).options, {
    ...at().options as object,
    taps: [["block1", "block2"]],
  });
});
