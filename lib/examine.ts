import { batches, inOrder } from "./batches.ts";
import { Confusion } from "./confusion.ts";
import { BATCH } from "./evaluate.ts";
import type { Experiment } from "./experiment.ts";
import { Failure } from "./failure.ts";
import { importWeights } from "./import_weights.ts";
import { type Latency, latency } from "./latency.ts";
import { build, type Net } from "./network.ts";
import { openEngine } from "./open_engine.ts";
import type { Settings } from "./settings.ts";
import { scoreStep } from "./step.ts";
import { type Variable, variables } from "./variables.ts";
import type { WeightsFile } from "./weights_file.ts";

/** Trained weights and what they are examined on. */
export interface Subject {
  /** The network that has them. */
  readonly network: Net;
  /** The weights, by our names or the references'. */
  readonly file: WeightsFile;
  /** The data set whose test images they are examined on. */
  readonly dataset: Experiment["dataset"];
}

/** What weights reach on a test set. */
export interface Examination {
  /** How many test images there are. */
  readonly images: number;
  /** Images whose class came first, in percent. */
  readonly top1: number;
  /** Images whose class was among the first five, in percent. */
  readonly top5: number;
  /** Each class, its test images, and the percentage of them that was recognised; null where there are none. */
  readonly perClass: readonly ClassScore[];
  /** How many images of a class (row) were taken for a class (column). */
  readonly confusion: readonly (readonly number[])[];
  /** How long it takes. */
  readonly latency: Latency;
}

/** What weights reach on the test images of a class. */
export interface ClassScore {
  /** The class's name. */
  readonly class: string;
  /** How many images it has. */
  readonly images: number;
  /** The percentage that was recognised; null where there are no images. */
  readonly top1: number | null;
}

/**
 * Examines weights on the test images of a data set. Rejects with a `Failure`: exit 2 where there is nothing to test on, 3
 * where the data are missing or the weights are another network's.
 */
export async function examine(
  { network, file, dataset }: Subject,
  settings: Pick<Settings, "data" | "status" | "precision" | "backend" | "threads">,
): Promise<Examination> {
  const { data, status } = settings, log = status.line;
  const opened = await dataset.open(data, log);
  try {
    const { classes, image, test } = opened;
    if (test.size === 0) throw new Failure(2, `${dataset.id} has no test images`);
    const tensors = importWeights(network, image, classes.length, file),
      { engine } = await openEngine({ ...settings, log });
    try {
      const values = new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array]));
      const collected = new Map<string, Variable>(), scope = variables({ seed: 0, collected, fixed: true, values });
      const player = build(network, scope, image, classes.length);
      await engine.hold([...collected.values()]);
      const run = engine.compile(scoreStep(player, dataset.normalisation)), confusion = new Confusion(classes.length);
      for await (const { image: images, label } of batches(test, inOrder(test.size), BATCH, image)) {
        confusion.add((await run({ image: images })).logits, label.data as Int32Array);
        status.update(confusion.images / test.size, `${confusion.images} of ${test.size} images`);
      }
      const percent = (count: number) => 100 * count / test.size;
      return {
        images: test.size,
        top1: percent(confusion.top1),
        top5: percent(confusion.top5),
        perClass: confusion.perClass().map((score, i) => ({ class: classes[i], ...score })),
        confusion: confusion.matrix,
        latency: await latency(run, test, image),
      };
    } finally {
      engine.close();
    }
  } finally {
    opened.close();
    status.close();
  }
}
