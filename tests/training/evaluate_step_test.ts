import { alone } from "../support/alone.ts";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { scratch } from "../../lib/distillers/scratch.ts";
import {
  evaluateStep,
  type PredictedDataset,
  predictStep,
} from "../../lib/training/evaluate_step.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { type Kind, open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { batch, CLASSES } from "../support/toy.ts";
import { training } from "../support/toy_training.ts";

const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.3, 0.2, 0.25] };
const { image, label } = batch(9, 6);

async function train(kind: Kind) {
  const engine = await open(kind);
  const session = await training(engine, scratch(), { teacher: undefined });
  for (let i = 0; i < 3; i++) await session.step();
  return { ...session, engine };
}

for (const kind of ["cpu", "compiled"] as const) {
  const test = (name: string, body: () => Promise<void>) =>
    kind === "cpu"
      ? Deno.test(`${name}, op by op`, body)
      : needs(everything, `${name}, compiled`, body);

  await test("evaluateStep: the task's values for each image, with a teacher or without, and nothing changes", async () => {
    const { engine, student, collected } = await train(kind);
    const beside = engine.compile(
      alone(evaluateStep(classification, [{ student, teacher: student }], normalisation)),
    );
    const without = engine.compile(
      alone(evaluateStep(classification, [{ student }], normalisation)),
    );
    const values = await beside({ image, label });
    const before = await engine.read([...collected.values()]);
    assertEquals(values.top5, new Float32Array(6).fill(1), "there are five classes");
    assert(values.top1.every((hit) => hit === 0 || hit === 1));
    for (const kl of values.kl) assertAlmostEquals(kl, 0, 1e-5);
    assertEquals(await beside({ image, label }), values);
    assertEquals(await without({ image, label }), { top1: values.top1, top5: values.top5 });
    assertEquals(await engine.read([...collected.values()]), before);
    engine.close();
  });

  await test("predictStep: the outputs that the task selects", async () => {
    const { engine, student } = await train(kind);
    const evaluate = engine.compile(
      alone(evaluateStep(classification, [{ student }], normalisation)),
    );
    const dataset: PredictedDataset = { task: classification, normalisation };
    const { logits } = await engine.compile(
      predictStep(dataset, student, dataset.task.predict),
    )({
      image,
    });
    const { top1 } = await evaluate({ image, label });
    const rows = Array.from(
      { length: 6 },
      (_, i) => logits.subarray(i * CLASSES, (i + 1) * CLASSES),
    );
    assertEquals(
      [...top1],
      rows.map((row, i) => Number(row.indexOf(Math.max(...row)) === label.data[i])),
    );
    engine.close();
  });
}
