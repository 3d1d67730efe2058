import { assert, assertEquals } from "@std/assert";
import { fasterPrecision, timePrecisions } from "../../lib/engine/precision_times.ts";
import { nativeBackend } from "../../lib/tensorflow/backend.ts";
import { everything, needs } from "../support/needs.ts";

Deno.test("fasterPrecision: bfloat16 has to save a twentieth of float32's time", () => {
  const choose = (float32: number, bfloat16: number) => fasterPrecision({ float32, bfloat16 });
  assertEquals([choose(100, 60), choose(100, 95)], ["bfloat16", "bfloat16"]);
  assertEquals([choose(100, 96), choose(100, 170)], ["float32", "float32"]);
});

await needs(everything, "timePrecisions: times a step in both and leaves no engine", async () => {
  const times = await timePrecisions();
  assertEquals(Object.keys(times), ["float32", "bfloat16"]);
  assert(Object.values(times).every((time) => time > 0 && Number.isFinite(time)));
  assert(nativeBackend(), "TensorFlow is not the current backend");
});
