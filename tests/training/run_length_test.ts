import { assertEquals } from "@std/assert";
import { combine } from "../../lib/distillers/combine.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { sakd } from "../../lib/distillers/sakd.ts";
import { openEngine } from "../../lib/engine/open_engine.ts";
import type { Distiller, StepContext } from "../../lib/experiment/distiller.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { RunLength } from "../../lib/training/run_length.ts";
import { trainStep } from "../../lib/training/step.ts";
import { alone } from "../support/alone.ts";
import { assembleUntrained } from "../support/assemble_untrained.ts";
import { BATCH, CLASSES, IMAGE, inputs, large, small, type Toy } from "../support/toy.ts";

Deno.test("RunLength: knows whether one of its numbers was read", () => {
  for (const name of ["epochs", "steps"] as const) {
    const length = new RunLength(3, 12);
    assertEquals(length.wasRead, false);
    assertEquals(length[name], name === "epochs" ? 3 : 12);
    assertEquals(length.wasRead, true);
  }
});

/** A method whose weight this makes of its context. */
const weighted = (
  weigh: (step: StepContext<Toy, Toy>) => number,
): Distiller<Toy, Toy> => ({
  id: "weighted",
  options: {},
  build: () => (step) => ({ task: [weigh(step), step.task(step.student), "task"] }),
});

/** Whether a method reads the length of its run in a step. */
async function reads(distiller: Distiller<Toy, Toy, never>): Promise<boolean> {
  const { engine } = await openEngine({ backend: "cpu" });
  try {
    const schedule = sgd({ epochs: 6, batch: BATCH, lr: 0.1 });
    const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.3, 0.2, 0.25] };
    const augmentation = { crop: 0, flip: false };
    const dataset = { task: classification, augmentation, normalisation };
    const { parts, variables } = assembleUntrained(
      { student: small, teacher: large, distiller, dataset },
      {
        seed: 1,
        image: IMAGE,
        classes: CLASSES,
        train: { size: 100, labels: new Int32Array(100) },
        schedule,
      },
    );
    await engine.hold([...variables.values()]);
    await engine.compile(alone(trainStep([parts])))(inputs(0));
    return parts.length.wasRead;
  } finally {
    engine.close();
  }
}

Deno.test("RunLength: a step reads it only for a method that does, also inside of another one", async () => {
  const total = weighted(({ epochs }) => 1 / epochs);
  for (const method of [kd(), combine(kd(), fitnets({ guided: "block1", hint: "block1" }))]) {
    assertEquals(await reads(method), false);
  }
  assertEquals(await reads(sakd(fitnets({ guided: "block1", hint: "block1" }))), false);
  assertEquals(await reads(weighted(({ student }) => student.taps.logits.shape.length)), false);
  assertEquals(await reads(total), true);
  assertEquals(await reads(weighted(({ steps, step }) => steps + step.size)), true);
  assertEquals(await reads(combine(kd(), total)), true);
});
