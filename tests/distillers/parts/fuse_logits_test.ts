import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { fuseLogits } from "../../../lib/distillers/parts/fuse_logits.ts";
import { Failure } from "../../../lib/values/failure.ts";
import { assertNear } from "../../support/tolerance.ts";

await tf.setBackend("cpu");
const logits = [[[1, 0]], [[3, 4]], [[5, 2]]].map((rows) => tf.tensor2d(rows));

Deno.test("two are fused by the share of the first, any number by equal shares", () => {
  const fuse = (count: number, share?: number) =>
    fuseLogits("slkd", count, share)(logits.slice(0, count)).dataSync() as Float32Array;
  assertNear("one", fuse(1), [1, 0], 1e-6);
  assertNear("a share", fuse(2, 0.25), [2.5, 3], 1e-6);
  assertNear("halves", fuse(2), [2, 2], 1e-6);
  assertNear("thirds", fuse(3), [3, 2], 1e-6);
});

Deno.test("fusing refuses a share of other than two teachers, and names the method", () => {
  for (const [count, share] of [[3, 0.5], [1, 1]]) {
    const { exit, message } = assertThrows(
      () => fuseLogits("slkdSequential", count, share),
      Failure,
    );
    assertEquals([exit, message.startsWith("slkdSequential: fusion is")], [2, true]);
  }
});
