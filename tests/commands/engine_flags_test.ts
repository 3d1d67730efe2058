import { assertEquals } from "@std/assert";
import { choosePrecision } from "../../lib/commands/engine_flags.ts";
import type { PrecisionTimes } from "../../lib/engine/precision_times.ts";

/** Chooses where a step takes these times. Returns the choice and what was said. */
async function choose(flags: Parameters<typeof choosePrecision>[0], times?: PrecisionTimes) {
  const lines: string[] = [];
  const time = () => times ? Promise.resolve(times) : Promise.reject(new Error("not to be timed"));
  const precision = await choosePrecision(flags, (line) => lines.push(line), false, time);
  return [precision, ...lines];
}

Deno.test("--precision auto takes the faster one and says so; others are taken as they are", async () => {
  const auto = { precision: "auto", backend: undefined, threads: undefined } as const;
  assertEquals(await choose(auto, { float32: 95.2, bfloat16: 61.04 }), [
    "bfloat16",
    "--precision auto takes bfloat16: a step takes 61.0 ms in bfloat16, 95.2 in float32",
  ]);
  assertEquals(await choose(auto, { float32: 60, bfloat16: 90 }), [
    "float32",
    "--precision auto takes float32: a step takes 90.0 ms in bfloat16, 60.0 in float32",
  ]);
  assertEquals(await choose({ ...auto, backend: "cpu" }), [
    "float32",
    "--precision auto takes float32: --backend cpu has no other",
  ]);
  for (const precision of [undefined, "float32", "bfloat16"] as const) {
    assertEquals(await choose({ ...auto, precision }), [precision]);
  }
});
