import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { vid } from "../../lib/distillers/vid.ts";
import { Failure } from "../../lib/values/failure.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { training } from "../support/toy_training.ts";

await method("vid", () => vid());
await method(
  "vid of maps of two sizes, beside kd",
  () => vid({ taps: [["block2", "block1"]], kd: 1 }),
);
await method("mdistiller's vid", () => vid({ learned: false }));

const taps = { student: { map: [5, 3, 4], logits: [5] }, teacher: { map: [2, 7, 6], logits: [5] } };
for (const samples of ["different", "degenerate"] as const) {
  masks("vid", () => vid({ taps: [["map", "map"]], kd: 1 }), taps, samples);
}

Deno.test("vid: variances start at `variance` and learn, or stay constant", async () => {
  const engine = await open("cpu");
  for (const variance of [5, 1e-4, 800]) {
    const { collected } = await training(engine, vid({ variance }));
    const scale = collected.get("distiller.variance_block2.0.log_scale")!.initial();
    assertEquals(scale.length, 8);
    const started = scale[0] > 30 ? scale[0] : Math.log1p(Math.exp(scale[0]));
    assertAlmostEquals(started + 1e-5, variance, 1e-6 * variance);
  }
  const [learned, fixed] = [
    await training(engine, vid()),
    await training(engine, vid({ learned: false })),
  ];
  assertEquals([...fixed.collected.keys()].some((name) => name.includes("log_scale")), false);
  const [first, second] = [await learned.step(), await fixed.step()];
  engine.close();
  assertAlmostEquals(first.terms.vid_block1[0], second.terms.vid_block1[0], 1e-5);
});

Deno.test("vid: a variance that is too small is refused", () => {
  for (const variance of [0, -1, NaN, 1e-5]) {
    assertEquals(assertThrows(() => vid({ variance }), Failure).exit, 2);
  }
});
