import { assertEquals, assertThrows } from "@std/assert";
import {
  addStep,
  type EpochSums,
  NO_SUMS,
  readEpochSums,
  setGradNorms,
} from "../../lib/run/epoch_sums.ts";
import { canonical } from "../../lib/values/json.ts";
import { readAs } from "../../lib/values/reader.ts";

const one = (value: number) => Float32Array.of(value);
const read = (saved: unknown) => readAs(saved, readEpochSums, (problem) => new Error(problem));

const sums: EpochSums = {
  images: 6,
  loss: 14,
  terms: { task: 8, kd: 6 },
  reports: { share: 2.5 },
  measures: { top1: 5 },
  grads: { task: 0.5, kd: 0.25 },
};

Deno.test("addStep: means count once for each image, the task's sums and gradient norms as they are", () => {
  const first = { loss: one(2), terms: { task: one(1), kd: one(1) }, reports: { share: one(0.5) } };
  const second = {
    loss: one(3),
    terms: { task: one(2), kd: one(1) },
    reports: { share: one(0.25) },
  };
  const partial = addStep(setGradNorms(NO_SUMS, { grads: { task: one(0.5), kd: one(0.25) } }), {
    ...first,
    images: one(4),
    sums: { top1: one(3) },
  }, 4);
  assertEquals(addStep(partial, { ...second, images: one(2), sums: { top1: one(2) } }, 2), sums);
});

Deno.test("addStep: what the first steps of an epoch did not have stays out until the next epoch", () => {
  const step = {
    ...{ loss: one(2), terms: { task: one(8) }, images: one(2) },
    ...{ reports: { share: one(1), other: one(1) }, sums: { top1: one(1), kl: one(3) } },
  };
  const { reports, measures } = addStep(sums, step, 2);
  assertEquals([reports, measures], [{ share: 4.5 }, { top1: 6 }]);
  const { reports: all, measures: both } = addStep(NO_SUMS, step, 2);
  assertEquals([all, both], [{ share: 2, other: 2 }, { top1: 1, kl: 3 }]);
});

Deno.test("readEpochSums: reads back what a checkpoint saved, also before the first step", () => {
  for (const saved of [sums, NO_SUMS]) assertEquals(read(JSON.parse(canonical(saved))), saved);
});

Deno.test("readEpochSums: reads the flat sums of earlier versions", () => {
  const { grads: _, ...without } = sums;
  const flat = {
    correct: 5,
    images: 6,
    loss: 14,
    "loss/kd": 6,
    "loss/task": 8,
    "report/share": 2.5,
  };
  assertEquals(read(flat), without);
  assertEquals(read({ ...flat, "grad/kd": 0.25, "grad/task": 0.5 }), sums);
  assertEquals(read({}), NO_SUMS);
});

Deno.test("readEpochSums: a malformed member is named", () => {
  assertThrows(() => read(undefined), Error, "all of it is missing");
  assertThrows(() => read({ images: "6" }), Error, "images has to be a number");
  assertThrows(
    () => read({ ...sums, reports: { share: null } }),
    Error,
    "reports.share has to be a number",
  );
});
