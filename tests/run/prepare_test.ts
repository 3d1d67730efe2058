import { assertEquals } from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import { combine } from "../../lib/distillers/combine.ts";
import { dkd } from "../../lib/distillers/dkd.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { weights } from "../../lib/experiment/weights.ts";
import { experiment } from "../../lib/experiment/experiment.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { prepare } from "../../lib/run/prepare.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { status } from "../../lib/terminal/status.ts";
import { large, small } from "../support/toy.ts";

/** DKD and a combination with it, prepared together. Returns each one's length and what was said. */
async function prepared(
  classes: number,
  quick: Pick<Settings, "epochs" | "limit">,
  holdout = 0,
) {
  const said: string[] = [];
  const settings: Settings = {
    ...quick,
    backend: "cpu",
    data: "",
    fresh: false,
    status: status({ terminal: false, quiet: false, write: (text) => said.push(text.trimEnd()) }),
    interrupted: () => false,
  };
  const trials = [dkd(), combine(kd(), dkd()), dkd({ beta: 2 })].map((distiller) => ({
    experiment: experiment(import.meta, {
      dataset: synthetic({ size: 8, train: 50, test: 20, classes, holdout }),
      schedule: sgd({ epochs: 6, batch: 16, lr: 0.1 }),
      teacher: weights(large, { file: "untrained" }),
      student: small,
      distiller,
    }),
    teachers: [{ path: "untrained", weights: undefined }],
    stages: { modules: new Map() },
    learned: [],
  }));
  const { assemblies, close } = await prepare(trials, 1, settings);
  close();
  return { lengths: assemblies.map(({ parts: { epochs, steps } }) => [epochs, steps]), said };
}

Deno.test("prepare: a loss knows the epochs and steps of its run, also of a quick one", async () => {
  const lengthOf = async (quick: Pick<Settings, "epochs" | "limit">) =>
    (await prepared(3, quick)).lengths[0];
  assertEquals(await lengthOf({}), [6, 24]);
  assertEquals(await lengthOf({ epochs: 2 }), [2, 8]);
  assertEquals(await lengthOf({ limit: 3 }), [6, 18]);
  assertEquals(await lengthOf({ epochs: 2, limit: 9 }), [2, 8]);
});

Deno.test("prepare: with two classes DKD says once for all trials that it has no non-target part", async () => {
  assertEquals((await prepared(3, {})).said, []);
  assertEquals((await prepared(2, {})).said, [
    "dkd: with two classes there is no non-target part: NCKD is 0 by its equation",
  ]);
});

Deno.test("prepare: says which classes a hold-out has taken whole", async () => {
  assertEquals((await prepared(3, {}, 40)).said, []);
  // Of 50 images of three classes, one class has 16.
  assertEquals((await prepared(3, {}, 48)).said, [
    "the hold-out has all training images of 1a, so none is left to learn from: hold out fewer",
  ]);
});
