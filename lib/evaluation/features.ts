import { sizeOf } from "../nn/variables.ts";
import { batches } from "../training/batches.ts";
import { predictStep } from "../training/evaluate_step.ts";
import { Failure } from "../values/failure.ts";
import { EVAL_BATCH, evenlyChosen } from "./evaluate.ts";
import { openSubject, type Subject, type SubjectOptions } from "./open_subject.ts";

/** What a network makes of images, one row each. */
export interface Features {
  /** The index of each image in the split. */
  readonly images: Int32Array;
  /** The class of each image. */
  readonly labels: Int32Array;
  /** The names of the classes. */
  readonly classes: readonly string[];
  /** The output at the tap, flat, [images, width]. */
  readonly features: Float32Array;
  /** The length of a row of features. */
  readonly width: number;
  /** [images, classes]. */
  readonly logits: Float32Array;
}

/** Options of features. */
export interface FeatureOptions extends SubjectOptions {
  /** The split of the data set that has the images. Default: `test`. */
  readonly split?: "train" | "test";
  /** The most images, at even distances in the split. Default: all. */
  readonly most?: number;
  /** The tap of the features. Default: `pooled`, before the logits. */
  readonly tap?: string;
}

/**
 * Computes a trained network's features and logits for images of a data set. Rejects with a
 * `Failure`: exit 2 if there are no images or the network has no such tap or no logits, exit 3 as
 * `openSubject` does.
 */
export async function readFeatures(subject: Subject, options: FeatureOptions): Promise<Features> {
  const { split = "test", most = Infinity, tap = "pooled", evalBatch = EVAL_BATCH } = options;
  const { id, task } = subject.dataset;
  using resources = new DisposableStack();
  resources.defer(options.status.close);
  const { opened, engine, model } = resources.use(await openSubject(subject, options));
  const { image, classes, [split]: source } = opened;
  const chosen = evenlyChosen(source, most);
  if (chosen.length === 0) throw new Failure(2, `${id} has no ${split} images`);
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
  for await (const batch of batches({ task, split: source, image }, chosen, evalBatch)) {
    const { index, ...inputs } = batch;
    const found = await run(inputs);
    features.set(found.features, done * width);
    logits.set(found.logits, done * scored);
    done += index.data.length;
    options.status.update(done / chosen.length, `${done} of ${chosen.length} images`);
  }
  const images = Int32Array.from(chosen);
  return { images, labels: images.map((i) => source.labels[i]), classes, features, width, logits };
}
