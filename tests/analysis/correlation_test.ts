/** Correlations beside NumPy's, which `tests/support/figures.py` computed. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { correlation, correlationGap } from "../../lib/analysis/correlation.ts";
import { Failure } from "../../lib/values/failure.ts";
import { figureGolden } from "../support/figures.ts";
import { needs } from "../support/needs.ts";
import { recipe } from "../support/recipe.ts";

/** Logits of which each class is mixed with the one before it. */
function logits(name: string, images: number, classes: number, sign: number): Float32Array {
  const { data } = recipe(1, name, [images, classes], "image");
  return data.map((value, i) => i % classes === 0 ? value : value + sign * data[i - 1]);
}

await needs(
  ["read"],
  "correlation: both matrices and their mean difference are NumPy's",
  async () => {
    const { images, classes, student, teacher, gap } = await figureGolden("correlation");
    const own = correlation(logits("student", images, classes, 1), classes);
    const other = correlation(logits("teacher", images, classes, -1), classes);
    for (const [made, golden] of [[own, student], [other, teacher]] as const) {
      assertEquals(made.length, classes ** 2);
      golden.flat().forEach((value, i) => assertAlmostEquals(made[i], value, 1e-6));
    }
    const { difference, mean } = correlationGap(own, other);
    assertAlmostEquals(mean, gap, 1e-6);
    assertAlmostEquals(difference[1], student[0][1] - teacher[0][1], 1e-6);
  },
);

Deno.test("correlation: classes alike, opposite and constant; one image has none", () => {
  const rows = correlation(Float32Array.of(1, 2, -1, 5, 2, 4, -2, 5, 4, 8, -4, 5), 4);
  const [own, alike, opposite, constant] = rows.subarray(0, 4);
  for (const one of [own, alike]) assertAlmostEquals(one, 1, 1e-15);
  assertAlmostEquals(opposite, -1, 1e-15);
  assert(Number.isNaN(constant) && Number.isNaN(rows[15]));
  assertThrows(() => correlation(Float32Array.of(1, 2), 2), Failure, "two images or more, not 1");
});
