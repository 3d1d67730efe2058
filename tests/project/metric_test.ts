import { assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import {
  type Metric,
  metricReader,
  percentages,
  primaryOf,
  readMetric,
  valueAt,
} from "../../lib/project/metric.ts";
import { readAs, type Reader } from "../../lib/values/reader.ts";
import { classification } from "../../lib/tasks/classification.ts";
import type { Task } from "../../lib/tasks/task.ts";

/** A task of boxes. It shares no measure with classification. */
const boxes: Task = {
  ...classification,
  id: "boxes",
  measures: {
    loss: { title: "loss", decimals: 4, isPercentage: false, isLessBetter: true },
    map: { title: "mAP", decimals: 1, isPercentage: true },
  },
  primary: "map",
};

const found: Metric = {
  map: { last: 40.1, best: 41.2 },
  loss: 1.5,
  heldOut: { last: 42, best: 43 },
};

const failureMessage = (value: unknown, reader: Reader<Metric>): string =>
  assertThrows(() => readAs(value, reader, (problem) => new Failure(3, problem)), Failure).message;

Deno.test("valueAt: a measure of one number has it after the last epoch alone", () => {
  assertEquals([valueAt(found, "map", "last"), valueAt(found, "map", "best")], [40.1, 41.2]);
  assertEquals([valueAt(found, "loss", "last"), valueAt(found, "loss", "best")], [1.5, undefined]);
  assertEquals(valueAt(found, "top1", "last"), undefined);
});

Deno.test("primaryOf: gives the task's primary measure, or a failure that names it", () => {
  assertEquals(primaryOf(found, boxes), { last: 40.1, best: 41.2 });
  for (const one of [found, { top1: 70 }]) {
    assertEquals(
      assertThrows(() => primaryOf(one, classification), Failure, "without its top-1").exit,
      3,
    );
  }
});

Deno.test("percentages: are those of the task, in its order, with their titles", () => {
  const map = { measure: "map", title: "mAP", decimals: 1 };
  assertEquals(percentages(found, boxes, "best"), [{ ...map, value: 41.2 }]);
  assertEquals(percentages({ loss: 1 }, boxes, "last"), []);
  const pair = { last: 1, best: 2 };
  const all = { kl: 0.5, top5: pair, top1: pair };
  assertEquals(percentages(all, classification, "last").map(({ title }) => title), [
    "top-1",
    "top-5",
  ]);
});

Deno.test("readMetric: needs finite numbers; metricReader also needs the primary measure and real percentages", () => {
  assertEquals(readAs(found, readMetric, Error), found);
  assertEquals(readAs(found, metricReader(boxes), Error), found);
  assertEquals(
    Object.keys(readAs(JSON.parse('{"b":1,"a":{"best":2,"last":1}}'), readMetric, Error)),
    ["b", "a"],
  );
  assertEquals(failureMessage({ map: "40" }, readMetric), 'map has to be an object, not "40"');
  assertEquals(
    failureMessage({ map: { last: NaN, best: 1 } }, readMetric),
    "map.last has to be a number, not null",
  );
  assertEquals(
    failureMessage({ map: { last: 1, best: 1, worst: 1 } }, readMetric),
    "map.worst is unknown; known are last, best",
  );
  assertEquals(failureMessage({ heldOut: 1 }, readMetric), "heldOut has to be an object, not 1");
  assertEquals(failureMessage({ ...found, map: undefined }, metricReader(boxes)), "map is missing");
  assertEquals(
    failureMessage({ ...found, map: 40 }, metricReader(boxes)),
    "map has to be an object, not 40",
  );
  const pair = { last: 40, best: 100.5 };
  const wrong = "best has to be a number from 0 to 100, not 100.5";
  assertEquals(failureMessage({ ...found, map: pair }, metricReader(boxes)), `map.${wrong}`);
  assertEquals(
    failureMessage({ ...found, heldOut: pair }, metricReader(boxes)),
    `heldOut.${wrong}`,
  );
  assertEquals(readAs({ ...found, loss: 300 }, metricReader(boxes), Error).loss, 300);
});
