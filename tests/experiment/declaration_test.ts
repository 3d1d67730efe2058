import { assertEquals, assertThrows } from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { declaration, declarationHash, settingName } from "../../lib/experiment/declaration.ts";
import { experiment } from "../../lib/experiment/experiment.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import type { Json } from "../../lib/values/json.ts";
import { Failure } from "../../lib/values/failure.ts";
import { small } from "../support/toy.ts";

const withOptions = (options: Json) =>
  experiment(import.meta, {
    dataset: synthetic({ size: 8, train: 64, test: 32, classes: 5 }),
    student: small,
    distiller: { ...scratch(), id: "own", options },
    schedule: sgd({ epochs: 1, batch: 16, lr: 0.1 }),
  });

Deno.test("declaration: options that JSON cannot tell apart are refused", async () => {
  for (const weight of [NaN, Infinity]) {
    const failure = assertThrows(
      () => declaration(withOptions({ weight })),
      Failure,
      `own: options.weight is ${weight}`,
    );
    assertEquals(failure.exit, 2);
  }
  const hashes = [1, 2, null].map((weight) => declarationHash(withOptions({ weight })));
  assertEquals(new Set(await Promise.all(hashes)).size, 3);
});

Deno.test("settingName: options have their part's name, and a part its own", () => {
  assertEquals(settingName("student.options.width"), "student.width");
  assertEquals(settingName("teachers[0].experiment.student.id"), "teachers[0].experiment.student");
  assertEquals(settingName("schedule.options.drops.at[0]"), "schedule.drops.at[0]");
  assertEquals(settingName("teachers[0].seed"), "teachers[0].seed");
});
