import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { kdOnRegions } from "../../lib/distillers/kd_on_regions.ts";
import { Failure } from "../../lib/values/failure.ts";
import { regionSteps } from "../support/region_method.ts";

Deno.test("kdOnRegions: the KL counts by its weight, and the teacher stays", async () => {
  const { first, changed } = await regionSteps(kdOnRegions());
  assertEquals(Object.keys(first), ["task", "kd"]);
  assert(first.kd > 0 && first.task > 0);
  assert(changed.some((name) => name.startsWith("student.box.logits")));
  assertEquals(changed.filter((name) => name.startsWith("teacher")), []);
  const { first: double } = await regionSteps(kdOnRegions({ kd: 2 }));
  assertAlmostEquals(double.kd, 2 * first.kd, 1e-5);
  assertAlmostEquals(double.task, first.task, 1e-5);
});

Deno.test("kdOnRegions: a teacher with the student's weights says what the student says", async () => {
  const { first, second } = await regionSteps(kdOnRegions(), { twins: true });
  assertAlmostEquals(first.kd, 0, 1e-6);
  assert(second.kd > 0);
});

Deno.test("kdOnRegions: wrong options are refused", () => {
  assertEquals(assertThrows(() => kdOnRegions({ temperature: 0 }), Failure).exit, 2);
  assertEquals(assertThrows(() => kdOnRegions({ kd: -1 }), Failure).exit, 2);
});
