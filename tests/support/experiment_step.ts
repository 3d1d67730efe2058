import { picturesOf } from "../../lib/data/dataset.ts";
import { assemble } from "../../lib/training/assemble.ts";
import type { Engine, Values } from "../../lib/engine/engine.ts";
import type { Inputs } from "../../lib/values/input.ts";
import type { Experiment } from "../../lib/experiment/experiment.ts";
import { stream } from "../../lib/values/random.ts";
import {
  type Parallel,
  type TrainInput,
  trainStep,
  type TrainValues,
} from "../../lib/training/step.ts";
import type { Variable } from "../../lib/nn/variables.ts";
import type { Task } from "../../lib/tasks/task.ts";
import { type Images, imagesOf } from "./images_of.ts";

const SEED = 1;
const EPOCH = 2;

/** The training step of experiments on random images. */
export interface ExperimentStep {
  /**
   * The variables that learn: the methods' and the students' (`student.…`) that they train, of all
   * experiments.
   */
  readonly trainable: readonly Variable[];
  /**
   * Runs the next step, always on the same images, and returns the values of each experiment. The
   * first call also traces.
   */
  step(): Promise<Values<TrainValues>[]>;
}

/** Gives a variable's initial values. `undefined` keeps its own. */
export type Start = (variable: Variable) => Float32Array | undefined;

/**
 * Compiles the training step of experiments with the same data set, teachers and schedule on
 * `batch` random images. Image size and classes are those of the data set. The teachers are
 * untrained and never change. Defaults: of `parallel` one process alone, of `images` the data set's.
 */
export async function experimentStep(
  engine: Engine,
  experiments: readonly Experiment[],
  batch: number,
  start: Start = () => undefined,
  parallel?: Parallel,
  images: Images = imagesOf(experiments[0].dataset),
): Promise<ExperimentStep> {
  const [experiment, ...others] = experiments;
  const { schedule, dataset } = experiment;
  const { image, classes, size } = images;
  const labels = Int32Array.from({ length: size }, (_, i) => i % classes);
  const options = { seed: SEED, image, classes, train: { size, labels }, schedule };
  // The first assembly tells the names of the teachers' variables, whose values the second takes.
  const { teachers } = assemble(experiment, options);
  const values = new Map(
    teachers.flatMap(({ variables }) => [...makeTeacherValues(variables, start)]),
  );
  const first = assemble(experiment, { ...options, values });
  const further = others.map((other) => assemble(other, { ...options, teachers: first.teachers }));
  const assemblies = [first, ...further];
  const run = engine.compile(trainStep(assemblies.map(({ parts }) => parts), parallel));
  for (const { variables } of assemblies) {
    const all = [...variables.values()];
    await engine.hold(all, collectValues(all, start));
  }
  const rates = experiments.map(({ schedule }) => schedule.rate(EPOCH));
  const same = inputs(images, picturesOf(dataset)?.length, batch, rates, dataset.task);
  let step = 0;
  return {
    trainable: assemblies.flatMap(({ parts }) => parts.trainable),
    step: async () =>
      Object.values(await run({ ...same, step: { shape: [], data: Int32Array.of(step++) } })),
  };
}

/**
 * Makes a teacher's initial values. Offsets of norms are non-zero as in a trained network, because
 * TensorFlow would optimise zeros away.
 */
function makeTeacherValues(teacher: readonly Variable[], start: Start): Map<string, Float32Array> {
  return collectValues(
    teacher,
    (variable) =>
      variable.name.endsWith(".offset")
        ? new Float32Array(variable.shape[0]).fill(0.01)
        : start(variable),
  );
}

/** Collects the initial values that `start` gives, by name. */
function collectValues(all: readonly Variable[], start: Start): Map<string, Float32Array> {
  return new Map(all.flatMap((variable) => {
    const value = start(variable);
    return value ? [[variable.name, value]] : [];
  }));
}

function inputs(
  { image, classes, size }: Images,
  pictures: number | undefined,
  batch: number,
  rates: readonly number[],
  task: Task,
): Inputs<Exclude<TrainInput, "step">> {
  const random = stream(SEED, "bench");
  const [height, width, channels] = image;
  const index = Int32Array.from({ length: batch }, () => random.below(size));
  return {
    image: {
      shape: [batch, ...pictures ? [pictures] : [], ...image],
      data: Uint8Array.from(
        { length: batch * (pictures ?? 1) * height * width * channels },
        () => random.below(256),
      ),
    },
    ...task.noiseLabels?.(batch, image, classes) ??
      { label: { shape: [batch], data: index.map((i) => i % classes) } },
    index: { shape: [batch], data: index },
    rate: { shape: [rates.length], data: Float32Array.from(rates) },
    epoch: { shape: [], data: Float32Array.of(EPOCH) },
  };
}
