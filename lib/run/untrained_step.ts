import {
  type Dataset,
  type DatasetSizes,
  type Mix,
  picturesOf,
  type Split,
} from "../data/dataset.ts";
import { openEngine } from "../engine/open_engine.ts";
import { type Experiment, networkOf } from "../experiment/experiment.ts";
import { description } from "../nn/description.ts";
import type { Net } from "../nn/network.ts";
import { assemble } from "../training/assemble.ts";
import { compileSteps } from "../training/compile_steps.ts";
import type { Task } from "../tasks/task.ts";
import type { Settings } from "./settings.ts";
import { timeSteps } from "./time_steps.ts";

/**
 * The sizes of a data set: as it declares them, else as its files have them. Downloads nothing.
 * Rejects with a `Failure` (exit 3) if the files are needed and missing.
 */
export async function sizesOf(
  dataset: Dataset<Mix | undefined, string, Net>,
  { data, status }: Pick<Settings, "data" | "status">,
): Promise<DatasetSizes> {
  if (dataset.sizes) return dataset.sizes;
  const opened = await dataset.open(data, status.line, true);
  const { image, classes, train } = opened;
  opened.close();
  return { image, classes: classes.length, train: train.size };
}

/**
 * The multiply-adds of a training step: teachers run forward, the student also backward, which
 * costs it twice as much again. The networks of the method itself are left out.
 */
export function stepMultiplyAdds(
  { student, teachers, schedule: { batch } }: Experiment,
  { image, classes }: DatasetSizes,
): number {
  const [own, ...others] = [student, ...teachers.map(networkOf)].map((network) =>
    description(network, image, classes).multiplyAdds
  );
  return batch * others.reduce((sum, one) => sum + one, 3 * own);
}

/** The most pixels of a batch to time. Larger images are timed in a smaller batch. */
const PIXELS = 256 * 32 * 32;

/** The time of a step. */
export interface StepTime {
  /** Seconds of a step of the declared batch. */
  readonly seconds: number;
  /** The number of images that were timed, at most the batch. */
  readonly images: number;
}

/**
 * Times a step of an experiment with untrained networks on images of noise, which cost as much as
 * others. It is the fastest of a few. The time of a batch with too many pixels is that of a smaller
 * one, in proportion.
 */
export async function timeUntrainedStep(
  experiment: Experiment,
  { image, classes, train }: DatasetSizes,
  settings: Settings,
): Promise<StepTime> {
  const { schedule, dataset } = experiment;
  const { task } = dataset;
  const [height, width] = image;
  const images = Math.min(schedule.batch, Math.max(2, Math.floor(PIXELS / (height * width))));
  const timed = { ...schedule, batch: images, iterations: undefined };
  const split = noiseSplit({ image, classes, train }, picturesOf(dataset)?.length);
  const { engine } = await openEngine({ ...settings, log: settings.status.line });
  try {
    const options = { seed: 1, image, classes, train: split, schedule: timed };
    const assembly = assemble(experiment, options);
    await engine.hold([...assembly.variables.values()]);
    const steps = compileSteps(engine, [assembly]);
    const { noiseLabels } = task;
    const readable: Task = noiseLabels
      ? { ...task, readLabels: (_, indices) => noiseLabels(indices.length, image, classes) }
      : task;
    const { fastest } = await timeSteps(steps, { task: readable, split, image }, [timed], 1);
    return { seconds: fastest / 1000 * schedule.batch / images, images };
  } finally {
    engine.close();
  }
}

/** A split with images of noise, whose classes take turns. Default of `pictures`: one. */
function noiseSplit({ image, classes, train }: DatasetSizes, pictures?: number): Split {
  const pixels = image.reduce((product, side) => product * side, pictures ?? 1);
  return {
    size: train,
    labels: Int32Array.from({ length: train }, (_, i) => i % classes),
    pictures,
    read: (indices) =>
      Promise.resolve(
        Uint8Array.from({ length: indices.length * pixels }, (_, i) => (i * 7919) >> 3 & 255),
      ),
  };
}
