import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { dkdOnRegions } from "../../lib/distillers/dkd_on_regions.ts";
import { Failure } from "../../lib/values/failure.ts";
import { regionSteps } from "../support/region_method.ts";

Deno.test("dkdOnRegions: both parts count by their weights, and the teacher stays", async () => {
  const { first, changed } = await regionSteps(dkdOnRegions());
  assertEquals(Object.keys(first), ["task", "tckd", "nckd"]);
  assert(first.tckd > 0 && first.nckd > 0);
  assertEquals(changed.filter((name) => name.startsWith("teacher")), []);
  const { first: other } = await regionSteps(dkdOnRegions({ alpha: 2, beta: 0.5 }));
  assertAlmostEquals(other.tckd, 2 * first.tckd, 1e-5);
  assertAlmostEquals(other.nckd, 2 * first.nckd, 1e-5);
});

Deno.test("dkdOnRegions: a teacher with the student's weights says what the student says", async () => {
  const { first } = await regionSteps(dkdOnRegions(), { twins: true });
  assertAlmostEquals(first.tckd, 0, 1e-6);
  assertAlmostEquals(first.nckd, 0, 1e-6);
});

Deno.test("dkdOnRegions: wrong options are refused", () => {
  assertEquals(assertThrows(() => dkdOnRegions({ alpha: -1 }), Failure).exit, 2);
});
