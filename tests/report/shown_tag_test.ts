import { assertEquals } from "@std/assert";
import { shownNumber, shownTag } from "../../lib/report/shown_tag.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { secondTask } from "../support/second_task.ts";

const shown = (tag: string, task = classification) => {
  const { title, scale } = shownTag(tag, task);
  return [title, scale];
};

Deno.test("shown tag: measures have their names, with the images and the unit", () => {
  assertEquals(shown("test/top1"), ["top-1, test (%)", 1]);
  assertEquals(shown("holdout/top1"), ["top-1, hold-out (%)", 1]);
  assertEquals(shown("train/kl"), ["KL to teacher, training", 1]);
  assertEquals(shown("train/loss/kd"), ["loss: kd", 1]);
  assertEquals(shown("lr"), ["learning rate", 1]);
  assertEquals(shown("mine"), ["mine", 1]);
});

Deno.test("shown tag: shares that methods report are percentages, under the figures' names", () => {
  const [teacher, spot] = ["train/report/self1_top1", "train/report/spot_block2"];
  assertEquals(shown(teacher), ["top-1 of SLKD's own teachers: SL-T 1 (%)", 100]);
  assertEquals(shown("train/report/self_top1"), [
    ...["top-1 of SLKD's own teachers: fused (%)", 100],
  ]);
  assertEquals(shown(spot), ["samples distilled: block2 (%)", 100]);
  assertEquals(shown("train/report/temperature"), ["temperature", 1]);
  assertEquals(shown("train/report/self1_kl"), ["KL to teacher of SLKD's own teachers: SL-T 1", 1]);
  // The measure is none of this task's.
  assertEquals(shownTag(teacher, secondTask), { title: "self1_top1", scale: 1 });
  assertEquals(shownNumber(shownTag(teacher, classification), 0.8423249), 84.232);
});

Deno.test("shown tag: times in a log are those of all trials that train together", () => {
  for (const tag of ["perf/seconds", "perf/data_seconds", "perf/images_per_second"]) {
    assertEquals(/all trials together\)$/.test(shownTag(tag, classification).title), true, tag);
  }
});
