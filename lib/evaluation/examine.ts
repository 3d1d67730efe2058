import type { Findings } from "../tasks/task.ts";
import { batches } from "../training/batches.ts";
import { predictStep } from "../training/evaluate_step.ts";
import { Failure } from "../values/failure.ts";
import { evaluationBatch, evenlyChosen } from "./evaluate.ts";
import { type Latency, measureLatency } from "./latency.ts";
import { openSubject, type Subject, type SubjectOptions } from "./open_subject.ts";

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
export interface ExamineOptions extends SubjectOptions {
  /** The images to examine. Training images are read without random changes. Default: `test`. */
  readonly split?: "train" | "test";
  /** Pictures of images among the files, if the task makes any. Default: 12. */
  readonly pictures?: number;
}

/**
 * Examines weights on images of a data set. Rejects with a `Failure`: exit 2 if there are none, exit
 * 3 as `openSubject` does.
 */
export async function examine(subject: Subject, options: ExamineOptions): Promise<Examination> {
  const { status, split: chosen = "test", pictures = 12 } = options;
  const { dataset } = subject;
  const { id, task } = dataset;
  const evalBatch = evaluationBatch(task, options.evalBatch);
  using resources = new DisposableStack();
  resources.defer(status.close);
  const { opened, engine, model } = resources.use(await openSubject(subject, options));
  const { image, classes, [chosen]: split } = opened;
  if (split.size === 0) throw new Failure(2, `${id} has no ${chosen} images`);
  const run = engine.compile(predictStep(dataset, model, task.predict));
  const source = { task, split, image };
  const tally = task.examine(classes, split);
  const files = task.files?.(classes, split, pictures);
  let images = 0;
  for await (const batch of batches(source, evenlyChosen(split, split.size), evalBatch)) {
    const { image: pixels, index, ...labels } = batch;
    const inputs = { image: pixels, ...labels };
    const values = await run(inputs);
    tally.add(values, labels);
    files?.add(values, inputs);
    images += index.data.length;
    status.update(images / split.size, `${images} of ${split.size} images`);
  }
  // Small sets repeat their images up to the default batch, so that their speeds can be compared.
  const batch = Math.min(evalBatch, Math.max(evaluationBatch(task), split.size));
  return {
    images,
    findings: tally.result(),
    files: files?.result(),
    latency: await measureLatency(run, source, batch),
  };
}
