import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { scratch } from "../../lib/distillers/scratch.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { detection } from "../../lib/tasks/detection.ts";
import { type PredictedDataset, predictStep } from "../../lib/training/evaluate_step.ts";
import { trainStep } from "../../lib/training/step.ts";
import { alone } from "../support/alone.ts";
import { assembleUntrained } from "../support/assemble_untrained.ts";
import { type Kind, open } from "../support/engines.ts";
import { CANVAS, KINDS, toyDetector, toyObjects, toyPhotos } from "../support/toy_detector.ts";

const NORMALISATION = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };

const LOSSES = ["objectness", "anchorBoxes", "classes", "boxes"] as const;

/** Opens an engine with an untrained toy. */
async function toy(kind: Kind) {
  const engine = await open(kind);
  const { parts, student, variables } = assembleUntrained({
    student: toyDetector(8),
    teacher: undefined,
    distiller: scratch(),
    dataset: {
      task: detection,
      augmentation: { crop: 0, flip: false },
      normalisation: NORMALISATION,
    },
  }, {
    seed: 1,
    image: CANVAS,
    classes: KINDS,
    train: { size: 2, labels: Int32Array.of(1, 2) },
    schedule: sgd({ epochs: 1, batch: 2, lr: 0.02 }),
  });
  await engine.hold([...variables.values()]);
  return { engine, student, parts };
}

for (const kind of ["cpu", "compiled"] as const) {
  Deno.test(`detection: the loss is the sum of four, which fall as a detector learns, ${kind}`, async () => {
    const { engine, parts } = await toy(kind);
    try {
      const step = engine.compile(alone(trainStep([parts])));
      const first = await step(toyPhotos());
      const sums = LOSSES.map((name) => first.sums[name][0] / 2);
      assert(sums.every((loss) => Number.isFinite(loss) && loss > 0), `losses are ${sums}`);
      assertAlmostEquals(first.loss[0], sums.reduce((a, b) => a + b), 1e-5);
      // Half of the sampled anchors of a new network are of objects at the most: ln 2 each.
      assertAlmostEquals(sums[0], Math.log(2), 0.05);
      const steps = kind === "cpu" ? 4 : 20;
      let last = first.loss[0];
      for (let i = 1; i <= steps; i++) last = (await step(toyPhotos(i))).loss[0];
      assert(last < first.loss[0], `the loss went from ${first.loss[0]} to ${last}`);
    } finally {
      engine.close();
    }
  });
}

Deno.test("detection: both engines have the same losses in the first step", async () => {
  const losses: number[][] = [];
  for (const kind of ["cpu", "compiled"] as const) {
    const { engine, parts } = await toy(kind);
    const { sums } = await engine.compile(alone(trainStep([parts])))(toyPhotos());
    losses.push(LOSSES.map((name) => sums[name][0]));
    engine.close();
  }
  losses[0].forEach((loss, i) => assertAlmostEquals(loss, losses[1][i], 1e-4, LOSSES[i]));
});

Deno.test("detection: objects are found inside of the image, and its padding does not matter", async () => {
  const { engine, student } = await toy("compiled");
  try {
    const dataset: PredictedDataset = { task: detection, normalisation: NORMALISATION };
    const run = engine.compile(predictStep(dataset, student, dataset.task.predict));
    const { image } = toyPhotos();
    const found = await run({ image, ...toyObjects() });
    const slots = found.scores.length / 2;
    for (let slot = 0; slot < slots; slot++) {
      const [x1, y1, x2, y2] = found.boxes.subarray(4 * slot, 4 * slot + 4);
      if (found.mask[slot] === 0) continue;
      assert(x1 >= 0 && y1 >= 0 && x2 <= 64 && y2 <= 48, `${[x1, y1, x2, y2]}`);
      assert([1, 2].includes(found.classes[slot]));
    }
    const padded = Uint8Array.from(image.data);
    padded.fill(7, 48 * 64 * 3, 64 * 64 * 3);
    const other = await run({ image: { ...image, data: padded }, ...toyObjects() });
    assertEquals(other, found);
  } finally {
    engine.close();
  }
});
