import { assertEquals, assertThrows } from "@std/assert";
import { createWithin } from "../../lib/training/create.ts";
import { kdsvd, type KdsvdOptions } from "../../lib/distillers/kdsvd.ts";
import { Failure } from "../../lib/values/failure.ts";
import { buildModel, type Model, type Net } from "../../lib/nn/network.ts";
import { type Shape, variables } from "../../lib/nn/variables.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { toy } from "../support/toy.ts";

// The teacher has as many channels as the student. At weight 1 the toy's nearly equal singular
// values would magnify rounding.
await method("kdsvd", () => kdsvd({ weight: 0.1 }), { teacher: toy("twin", 2) });
await method(
  "mdistiller's kdsvd, two vectors, beside kd",
  () => kdsvd({ over: "columns", vectors: 2, kd: 1 }),
);

const shapes = { one: [3, 5, 4], two: [2, 2, 6], three: [3, 3, 2], logits: [5] };
const taps = [["one", "one"], ["two", "two"], ["three", "three"]] as const;
for (const over of ["channels", "columns"] as const) {
  for (const samples of ["different", "degenerate"] as const) {
    masks(`kdsvd over ${over}`, () => kdsvd({ taps, over, kd: 1 }), {
      student: shapes,
      teacher: shapes,
    }, samples);
  }
}

Deno.test("kdsvd refuses maps that it cannot compare and names them, before any step", () => {
  const model = (shapes: Readonly<Record<string, Shape>>): Model =>
    buildModel(networkOfVariables(shapes) as Net, variables({ seed: 1, collected: new Map() }), [
      1,
      1,
      1,
    ], 2);
  const networks = (...maps: Shape[]) =>
    model(
      Object.fromEntries(
        [[1, 4, 4, 2], ...maps.map((map) => [1, ...map])].map((map, i) => [`map${i}`, map]),
      ),
    );
  const assertRefused = (
    student: Model,
    teacher: Model,
    options: KdsvdOptions<string, string>,
    message: string,
  ) => {
    const dataset = { size: 0, classes: 2, labels: new Int32Array() };
    const create = createWithin(variables({ seed: 1, collected: new Map() }), [1, 1, 1], 2);
    const build = () => kdsvd<string, string>(options).build({ create, student, teacher, dataset });
    assertEquals(assertThrows(build, Failure, message).exit, 2);
  };
  const narrow = networks([4, 4, 3], [2, 2, 5]);
  const wide = networks([4, 4, 6], [2, 2, 5]);
  assertRefused(narrow, wide, {}, "the student's map1 is [4,4,3] and the teacher's map1 [4,4,6]");
  assertRefused(
    networks([4, 4, 3], [2, 3, 5]),
    wide,
    { over: "columns" },
    "the student's map2 is [2,3,5]",
  );
  assertRefused(narrow, narrow, { taps: [["map1", "map1"]] }, "at least two");
  assertRefused(narrow, narrow, { vectors: 4 }, "which have 3 singular vectors over channels");
  for (const vectors of [0, 1.5, NaN]) {
    assertRefused(narrow, narrow, { vectors }, `\`vectors\` is ${vectors}; it has to be a whole`);
  }
});
