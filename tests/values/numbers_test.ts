import { assertEquals } from "@std/assert";
import {
  formatFixed,
  formatSigned,
  formatSpread,
  formatThroughput,
  largestMagnitude,
  round,
} from "../../lib/values/numbers.ts";
import { summary } from "../../lib/values/statistics.ts";

Deno.test("numbers: printed with fixed decimals and signs, never as negative zero", () => {
  assertEquals([formatFixed(74.8), formatFixed(-0.205), formatFixed(-0.001), formatFixed(0)], [
    "74.80",
    "−0.20",
    "0.00",
    "0.00",
  ]);
  assertEquals(
    [formatSigned(3.52), formatSigned(-0.21), formatSigned(0.004), formatSigned(-0.004)],
    [
      "+3.52",
      "−0.21",
      "0.00",
      "0.00",
    ],
  );
  assertEquals(formatSpread(summary([74, 75])!), "74.50 ± 0.71 (2)");
  assertEquals(formatSpread(summary([74])!), "74.00 (1)");
  assertEquals(formatSpread({ mean: 72.53, std: 0.15 }), "72.53 ± 0.15");
  assertEquals([round(0.12345, 4), formatFixed(-0.00001, 4), formatSigned(0.5, 1)], [
    0.1235,
    "0.0000",
    "+0.5",
  ]);
  assertEquals(formatSpread({ mean: 0.12345, std: 0.00006, n: 2 }, 4), "0.1235 ± 0.0001 (2)");
});

Deno.test("largestMagnitude: of millions of numbers, without those that are not finite", () => {
  assertEquals(largestMagnitude(new Float64Array(3_000_000).fill(-2, 5, 6)), 2);
  assertEquals(largestMagnitude(Float64Array.of(NaN, -Infinity, 0.5)), 0.5);
  assertEquals(largestMagnitude(new Float64Array()), 0);
});

Deno.test("formatThroughput: whole numbers, or three digits of a slow network", () => {
  const texts = [0.4321, 9.996, 10, 655.4].map(formatThroughput);
  assertEquals(texts, ["0.432", "10", "10", "655"]);
});
