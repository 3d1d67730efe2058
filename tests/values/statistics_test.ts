import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { kendallTau, studentT, summary } from "../../lib/values/statistics.ts";

Deno.test("studentT: matches the published quantiles", () => {
  for (
    const [freedom, ninety, ninetyFive, ninetyNine] of [
      [1, 6.314, 12.706, 63.657],
      [2, 2.920, 4.303, 9.925],
      [3, 2.353, 3.182, 5.841],
      [4, 2.132, 2.776, 4.604],
      [9, 1.833, 2.262, 3.250],
      [30, 1.697, 2.042, 2.750],
      [100, 1.660, 1.984, 2.626],
    ]
  ) {
    assertAlmostEquals(studentT(0.90, freedom), ninety, 5e-4);
    assertAlmostEquals(studentT(0.95, freedom), ninetyFive, 5e-4);
    assertAlmostEquals(studentT(0.99, freedom), ninetyNine, 5e-4);
  }
});

Deno.test("studentT: matches the closed forms of one and two degrees of freedom", () => {
  for (const p of [0.001, 0.3, 0.5, 0.9, 0.999]) {
    assertAlmostEquals(studentT(p, 1) / Math.tan(p * Math.PI / 2), 1, 1e-12);
    assertAlmostEquals(studentT(p, 2) / Math.sqrt(2 * p ** 2 / (1 - p ** 2)), 1, 1e-12);
  }
});

Deno.test("studentT: falls towards the normal quantile with more degrees of freedom, and grows with the probability", () => {
  for (let freedom = 1; freedom < 200; freedom++) {
    assert(studentT(0.95, freedom) > studentT(0.95, freedom + 1));
    assert(studentT(0.95, freedom) < studentT(0.96, freedom));
    assert(studentT(0.95, freedom) > 1.9599);
  }
  assertAlmostEquals(studentT(0.95, 10_000), 1.96, 3e-4);
});

Deno.test("summary: computes mean, sample standard deviation and n", () => {
  assertEquals(summary([]), undefined);
  assertEquals(summary([70]), { mean: 70, n: 1 });
  const { mean, std, n } = summary([2, 4, 4, 4, 5, 5, 7, 9])!;
  assertEquals([mean, n], [5, 8]);
  assert(Math.abs(std! - Math.sqrt(32 / 7)) < 1e-12);
});

Deno.test("Kendall's τ: hand-worked orders, ties and too few pairs", () => {
  const tau = (a: number[], b: number[]) => kendallTau(a.map((one, i) => [one, b[i]] as const));
  assertEquals(tau([1, 2, 3, 4], [10, 20, 30, 40]), 1);
  assertEquals(tau([1, 2, 3, 4], [4, 3, 2, 1]), -1);
  // One of six pairs is reversed.
  assertAlmostEquals(tau([1, 2, 3, 4], [1, 3, 2, 4])!, 4 / 6);
  assertAlmostEquals(tau([1, 2, 3], [1, 1, 2])!, 2 / 3);
  assertEquals(tau([1], [1]), undefined);
  assertEquals(tau([], []), undefined);
});
