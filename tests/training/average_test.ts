import { assertEquals, assertNotEquals } from "@std/assert";
import { scratch } from "../../lib/distillers/scratch.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { compileSteps } from "../../lib/training/compile_steps.ts";
import { assembleUntrained } from "../support/assemble_untrained.ts";
import { type Kind, open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";
import { batch, CLASSES, IMAGE, inputs, small } from "../support/toy.ts";

const DECAY = 0.7;

function assemblyOf(ema?: number) {
  return assembleUntrained(
    {
      student: small,
      teacher: undefined,
      distiller: scratch(),
      dataset: {
        task: { ...classification, evaluate: ({ taps: { logits } }) => ({ logits }) },
        augmentation: { crop: 1, flip: true },
        normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      },
    },
    {
      seed: 1,
      image: IMAGE,
      classes: CLASSES,
      train: { size: 16, labels: new Int32Array(16) },
      schedule: sgd({ epochs: 1, batch: 4, lr: 0.1, ema }),
    },
  );
}

/** Checks the averages after each step, statistics included, and what an evaluation sees. */
async function assertAverages(kind: Kind): Promise<void> {
  const engine = await open(kind);
  const [averaged, plain] = [assemblyOf(DECAY), assemblyOf()];
  assertEquals(plain.averages, undefined);
  const averages = averaged.averages!;
  assertEquals([...averages.keys()], [...averaged.weights.keys()]);
  assertEquals(averages.has("stem.norm.mean"), true);
  await engine.hold([...averaged.variables.values(), ...plain.variables.values()]);
  const { step, evaluate } = compileSteps(engine, [plain, averaged]);
  const weights = [...averaged.weights.values()];
  let expected = await engine.read(weights);
  assertEquals(await engine.read([...averages.values()]), expected, "the start");
  for (let i = 0; i < 3; i++) {
    const given = inputs(i);
    await step({ ...given, rate: { shape: [2], data: Float32Array.of(0.1, 0.1) } });
    const now = await engine.read(weights);
    expected = expected.map((average, v) =>
      average.map((value, j) => DECAY * value + (1 - DECAY) * now[v][j])
    );
    for (const [v, average] of (await engine.read([...averages.values()])).entries()) {
      assertNear(`${weights[v].name} after step ${i}`, average, expected[v], 1e-5);
    }
  }
  // An average does not change what it follows.
  assertEquals(await engine.read(weights), await engine.read([...plain.weights.values()]));
  const { image, label } = batch(9);
  const values = await evaluate({ image, label });
  assertEquals(Object.keys(values), ["0", "1", "2"]);
  assertEquals(values[1], values[0]);
  // The student with the averages as its own weights.
  const read = await engine.read([...averages.values()]);
  const own = new Map(
    [...plain.weights.values()].map(({ name }, i) => [name, read[i]]),
  );
  await engine.hold([...plain.weights.values()], own);
  const again = await evaluate({ image, label });
  assertEquals(again[0], again[2]);
  assertEquals(again[2], values[2]);
  assertNotEquals(values[2], values[1]);
  engine.close();
}

Deno.test("average: it follows weights and statistics, and is evaluated in their place, op by op", () =>
  assertAverages("cpu"));
await needs(
  everything,
  "average: it follows weights and statistics, and is evaluated in their place, compiled",
  () => assertAverages("compiled"),
);
