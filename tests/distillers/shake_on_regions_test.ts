import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  shakeOnRegions,
  type ShakeOnRegionsOptions,
} from "../../lib/distillers/shake_on_regions.ts";
import { Failure } from "../../lib/values/failure.ts";
import { regionSteps } from "../support/region_method.ts";

const DISTANCES = ["shadow", "follow", "reverse"].flatMap((name) => [name, `${name}_boxes`]);

Deno.test("shakeOnRegions: student and shadow learn, the teacher stays", async () => {
  const { first, changed } = await regionSteps(shakeOnRegions());
  assertEquals(Object.keys(first), ["task", ...DISTANCES]);
  for (const name of DISTANCES) assert(first[name] >= 0 && Number.isFinite(first[name]), name);
  // D(s ← h) and D(h ← s) compare boxes alike, and classes in the other direction.
  assertAlmostEquals(first.shadow_boxes, first.reverse_boxes, 1e-6);
  assert(first.shadow !== first.reverse);
  for (const layer of ["fc6", "fc7", "logits", "deltas"]) {
    assert(changed.includes(`distiller.0.${layer}.weight`), layer);
    assert(changed.includes(`student.box.${layer}.weight`), layer);
  }
  assertEquals(changed.filter((name) => name.startsWith("teacher")), []);
});

Deno.test("shakeOnRegions: a copied head says at first what the teacher says", async () => {
  const { first, second } = await regionSteps(shakeOnRegions({ copied: true }));
  assertAlmostEquals(first.follow, 0, 1e-6);
  assertAlmostEquals(first.follow_boxes, 0, 1e-6);
  assert(second.follow > 0);
});

Deno.test("shakeOnRegions: a teacher with the student's weights is at no distance from it", async () => {
  for (const regions of ["student", "teacher"] as const) {
    const { first } = await regionSteps(shakeOnRegions({ direct: 1, regions }), { twins: true });
    assertAlmostEquals(first.direct, 0, 1e-6);
    assertAlmostEquals(first.direct_boxes, 0, 1e-6);
  }
});

Deno.test("shakeOnRegions: each reading gives other losses", async () => {
  const readings: readonly ShakeOnRegionsOptions[] = [
    {},
    { backbone: "student" },
    { regions: "teacher" },
    { classes: "sigmoid" },
    { boxes: "decoded_l1" },
    { over: "objects" },
    { temperature: 4 },
    { labels: 1 },
  ];
  const losses = new Set<string>();
  for (const options of readings) {
    const { first } = await regionSteps(shakeOnRegions(options));
    assert(Object.values(first).every(Number.isFinite), JSON.stringify(options));
    losses.add(JSON.stringify(first));
  }
  assertEquals(losses.size, readings.length);
});

Deno.test("shakeOnRegions: wrong options are refused", () => {
  const wrong: readonly ShakeOnRegionsOptions[] = [
    { temperature: 0 },
    { kd: -1 },
    { copied: true, backbone: "student" },
  ];
  for (const options of wrong) {
    assertEquals(assertThrows(() => shakeOnRegions(options), Failure).exit, 2);
  }
});

Deno.test("shakeOnRegions: the shadow's loss with labels is the detector's own, by any conventions", async () => {
  const options = { copied: true, labels: 1, regions: "student" } as const;
  for (const conventions of ["torchvision", "detectron2"] as const) {
    // A copy of the student's head says at first what the student's own one says.
    const { first, measured } = await regionSteps(shakeOnRegions(options), {
      twins: true,
      conventions,
    });
    assertAlmostEquals(first.labels, measured.classes, 1e-5);
    assertAlmostEquals(first.labels_boxes, measured.boxes, 1e-5 * measured.boxes);
    assert(measured.boxes > 0, conventions);
  }
});
