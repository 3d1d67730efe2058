/** Two steps of a method between toy detectors. */
import type { Distiller, Objects } from "../../lib/experiment/distiller.ts";
import type { DetectionLibrary } from "../../lib/networks/faster_rcnn.ts";
import type { Detector } from "../../lib/nn/detector.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { detection } from "../../lib/tasks/detection.ts";
import { trainStep } from "../../lib/training/step.ts";
import { alone } from "./alone.ts";
import { assembleUntrained } from "./assemble_untrained.ts";
import { open } from "./engines.ts";
import { CANVAS, KINDS, toyDetector, toyPhotos } from "./toy_detector.ts";

/** What two steps of a method gave. */
export interface RegionSteps {
  /** The weighted mean of each term in the first step. */
  readonly first: Readonly<Record<string, number>>;
  /** The same in the second step. */
  readonly second: Readonly<Record<string, number>>;
  /** The mean of each measure of the student in the first step. */
  readonly measured: Readonly<Record<string, number>>;
  /** The names of all variables that changed. */
  readonly changed: readonly string[];
}

/**
 * Trains a toy detector with frozen norms for two steps. With `twins` the teacher is the student
 * itself, with the same initial values. Default: a wider detector, torchvision's conventions.
 */
export async function regionSteps(
  distiller: Distiller<Detector, Detector, Objects>,
  { twins = false, conventions }: {
    readonly twins?: boolean;
    readonly conventions?: DetectionLibrary;
  } = {},
): Promise<RegionSteps> {
  const student = toyDetector(8, "frozen", conventions);
  const parts = {
    student,
    teacher: twins ? student : toyDetector(12, "frozen", conventions),
    distiller,
    dataset: {
      task: detection,
      augmentation: { crop: 0, flip: false },
      normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    },
  };
  const options = {
    seed: 1,
    image: CANVAS,
    classes: KINDS,
    train: { size: 2, labels: Int32Array.of(1, 2) },
    schedule: sgd({ epochs: 1, batch: 2, lr: 0.02 }),
  };
  const { weights } = assembleUntrained(parts, options);
  const values = new Map(
    Array.from(weights, ([name, { initial }]) => [`teacher1.${name}`, initial()]),
  );
  const assembly = assembleUntrained(parts, twins ? { ...options, values } : options);
  const variables = [...assembly.variables.values()];
  const engine = await open("compiled");
  try {
    await engine.hold(variables);
    const before = await engine.read(variables);
    const step = engine.compile(alone(trainStep([assembly.parts])));
    const numbers = (of: Readonly<Record<string, Float32Array>>, share = 1) =>
      Object.fromEntries(Object.entries(of).map(([name, [value]]) => [name, value * share]));
    const one = await step(toyPhotos(0));
    const [first, measured] = [numbers(one.terms), numbers(one.sums, 1 / 2)];
    const second = numbers((await step(toyPhotos(1))).terms);
    const after = await engine.read(variables);
    const changed = variables.filter((_, i) => before[i].some((value, j) => value !== after[i][j]));
    return { first, second, measured, changed: changed.map(({ name }) => name) };
  } finally {
    engine.close();
  }
}
