import { Fingerprint, type Learned } from "../data/fingerprint.ts";
import { sortByShape } from "../data/padded.ts";
import { batches, inOrder } from "../training/batches.ts";
import { evaluationBatch } from "./evaluate.ts";
import { predictStep } from "../training/evaluate_step.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import { importWeights, type NamedTensors } from "../weights/import_weights.ts";
import { type Latency, measureLatency } from "./latency.ts";
import { buildModel, type Net } from "../nn/network.ts";
import { type EngineOptions, openEngine } from "../engine/open_engine.ts";
import type { Status } from "../terminal/status.ts";
import type { Findings } from "../tasks/task.ts";
import { type Variable, variables } from "../nn/variables.ts";

/** Trained weights and the data set to examine them on. */
export interface Subject {
  readonly network: Net;
  /** The weights, by Retort's names or those of the reference implementations. */
  readonly file: NamedTensors;
  /** The data set with the test images. */
  readonly dataset: Experiment["dataset"];
  /** What the run that trained them learned from. `undefined` if that is unknown. */
  readonly learned?: Learned;
}

/** The result of an examination of weights on a test set. */
export interface Examination {
  /** The number of images. */
  readonly images: number;
  readonly findings: Findings;
  /** The files that the task makes of it, texts by name. `undefined` if it makes none. */
  readonly files?: ReadonlyMap<string, string>;
  readonly latency: Latency;
}

/** Options of an examination. */
export interface ExamineOptions extends Pick<EngineOptions, "precision" | "backend" | "threads"> {
  /** The folder of the data sets. */
  readonly data: string;
  /** Shows the progress. */
  readonly status: Status;
  /** The images to examine. Training images are read without random changes. Default: `test`. */
  readonly split?: "train" | "test";
  /** Batch size. Default: `evaluationBatch` of the task. */
  readonly evalBatch?: number;
  /** Pictures of images among the files, if the task makes any. Default: 12. */
  readonly pictures?: number;
}

/**
 * Examines weights on images of a data set. Rejects with a `Failure`: exit 2 if there are none, exit 3 if the data are missing, if they are others than the weights learned from,
 * or if the weights are another network's.
 */
export async function examine(
  { network, file, dataset, learned }: Subject,
  options: ExamineOptions,
): Promise<Examination> {
  const { data, status, split: chosen = "test", pictures = 12 } = options;
  const { task } = dataset;
  const evalBatch = evaluationBatch(task, options.evalBatch);
  const log = status.line;
  const opened = await dataset.open(data, log);
  try {
    const { classes, image } = opened;
    const split = opened[chosen];
    if (split.size === 0) throw new Failure(2, `${dataset.id} has no ${chosen} images`);
    if (learned) await new Fingerprint(opened, task).check(learned);
    const tensors = importWeights(network, image, classes.length, file, log);
    const { engine } = await openEngine({ ...options, log });
    try {
      const values = new Map(
        Array.from(tensors, ([name, { data }]) => [name, data as Float32Array]),
      );
      const collected = new Map<string, Variable>();
      const scope = variables({ seed: 0, collected, fixed: true, values });
      const model = buildModel(network, scope, image, classes.length);
      await engine.hold([...collected.values()]);
      const run = engine.compile(predictStep(task, model, dataset.normalisation));
      const tally = task.examine(classes, split);
      const files = task.files?.(classes, split, pictures);
      const source = { task, split, image };
      let images = 0;
      const order = sortByShape(inOrder(split.size), split.padded);
      for await (const batch of batches(source, order, evalBatch)) {
        const { image: pixels, index, ...labels } = batch;
        const inputs = { image: pixels, ...labels };
        const values = await run(inputs);
        tally.add(values, labels);
        files?.add(values, inputs);
        images += index.data.length;
        status.update(images / split.size, `${images} of ${split.size} images`);
      }
      // A larger batch than the split would only repeat its images.
      const batch = Math.min(evalBatch, Math.max(evaluationBatch(task), split.size));
      return {
        images,
        findings: tally.result(),
        files: files?.result(),
        latency: await measureLatency(run, source, batch),
      };
    } finally {
      engine.close();
    }
  } finally {
    opened.close();
    status.close();
  }
}
