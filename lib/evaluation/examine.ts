import type { Findings } from "../tasks/task.ts";
import { batches } from "../training/batches.ts";
import { predictStep } from "../training/evaluate_step.ts";
import { Failure } from "../values/failure.ts";
import { EVAL_BATCH, evenlyChosen } from "./evaluate.ts";
import { type Latency, measureLatency } from "./latency.ts";
import { openSubject, type Subject, type SubjectOptions } from "./open_subject.ts";

/** The result of an examination of weights on a test set. */
export interface Examination {
  /** The number of test images. */
  readonly images: number;
  readonly findings: Findings;
  readonly latency: Latency;
}

/**
 * Examines weights on the test images of a data set. Rejects with a `Failure`: exit 2 if there are
 * no test images, exit 3 as `openSubject` does.
 */
export async function examine(subject: Subject, options: SubjectOptions): Promise<Examination> {
  const { status, evalBatch = EVAL_BATCH } = options;
  const { id, task, normalisation } = subject.dataset;
  using resources = new DisposableStack();
  resources.defer(status.close);
  const { opened, engine, model } = resources.use(await openSubject(subject, options));
  const { test, image, classes } = opened;
  if (test.size === 0) throw new Failure(2, `${id} has no test images`);
  const run = engine.compile(predictStep(task.predict, model, normalisation));
  const tally = task.examine(classes);
  let images = 0;
  const order = evenlyChosen(test, test.size);
  for await (const batch of batches({ task, split: test, image }, order, evalBatch)) {
    const { image: pixels, index, ...labels } = batch;
    tally.add(await run({ image: pixels }), labels);
    images += index.data.length;
    status.update(images / test.size, `${images} of ${test.size} images`);
  }
  // A larger batch than the split would only repeat its images.
  const batch = Math.min(evalBatch, Math.max(EVAL_BATCH, test.size));
  return {
    images,
    findings: tally.result(),
    latency: await measureLatency(run, test, image, batch),
  };
}
