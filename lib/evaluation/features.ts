import { sizeOf } from "../nn/variables.ts";
import { batches } from "../training/batches.ts";
import { predictStep } from "../training/evaluate_step.ts";
import { Failure } from "../values/failure.ts";
import { evaluationBatch, evenlyChosen } from "./evaluate.ts";
import { openSubject, type Subject, type SubjectOptions } from "./open_subject.ts";

/** What a network makes of test images, one row each. */
export interface Features {
  /** The index of each image. */
  readonly images: Int32Array;
  /** The class of each image. */
  readonly labels: Int32Array;
  /** The names of the classes. */
  readonly classes: readonly string[];
  /** The output at the tap, flat, [images, width]. */
  readonly features: Float32Array;
  /** [images, classes]. */
  readonly logits: Float32Array;
}

/** Options of features. */
export interface FeatureOptions extends SubjectOptions {
  /** The most images, at even distances. Default: all. */
  readonly most?: number;
  /** The tap of the features. Default: `pooled`, before the logits. */
  readonly tap?: string;
}

/**
 * Computes a trained network's features and logits for the test images of a data set. Rejects with a
 * `Failure`: exit 2 if there are none or the network has no such tap or no logits, exit 3 as
 * `openSubject` does.
 */
export async function readFeatures(subject: Subject, options: FeatureOptions): Promise<Features> {
  const { most = Infinity, tap = "pooled" } = options;
  const { id, task } = subject.dataset;
  const evalBatch = evaluationBatch(task, options.evalBatch);
  using resources = new DisposableStack();
  resources.defer(options.status.close);
  const { opened, engine, model } = resources.use(await openSubject(subject, options));
  const { image, classes, test } = opened;
  const chosen = evenlyChosen(test, most);
  if (chosen.length === 0) throw new Failure(2, `${id} has no test images`);
  const { [tap]: shape, logits: [scored] } = model.shapes;
  const width = sizeOf(shape);
  const run = engine.compile(
    predictStep(
      subject.dataset,
      model,
      ({ taps }) => ({ features: taps[tap], logits: taps.logits }),
    ),
  );
  const features = new Float32Array(chosen.length * width);
  const logits = new Float32Array(chosen.length * scored);
  let done = 0;
  for await (const batch of batches({ task, split: test, image }, chosen, evalBatch)) {
    const { index, ...inputs } = batch;
    const found = await run(inputs);
    features.set(found.features, done * width);
    logits.set(found.logits, done * scored);
    done += index.data.length;
    options.status.update(done / chosen.length, `${done} of ${chosen.length} images`);
  }
  const images = Int32Array.from(chosen);
  return { images, labels: images.map((i) => test.labels[i]), classes, features, logits };
}
