import { creator } from "../lib/create.ts";
import type { Engine, Values } from "../lib/engine.ts";
import type { Inputs } from "../lib/input.ts";
import { type Experiment, networkOf } from "../lib/experiment.ts";
import { build, type Net } from "../lib/network.ts";
import { optimizer } from "../lib/optimizer.ts";
import { stream } from "../lib/random.ts";
import { type TrainInput, trainStep, type TrainValues } from "../lib/step.ts";
import { type Variable, variables } from "../lib/variables.ts";
import { type Images, imagesOf } from "./images_of.ts";

const SEED = 1, EPOCH = 2;

/** The step of an experiment on images that it is given. */
export interface ExperimentStep {
  /** What learns: of the student's variables, `student.…`, those that the method does not leave alone, and the method's. */
  readonly trainable: readonly Variable[];
  /** Runs the next step, always on the same images; the first one traces. */
  step(): Promise<Values<TrainValues>>;
}

/** Gives the values that a variable starts with; undefined: its own. */
export type Start = (variable: Variable) => Float32Array | undefined;

/**
 * The step of an experiment, held by an engine, on as many random images as `batch` says, of the size and in the classes
 * of its data set. Its teachers are untrained and never change.
 */
export async function experimentStep(
  engine: Engine,
  { student: recipe, teachers: teaching, several, distiller, schedule, dataset }: Experiment,
  batch: number,
  start: Start = () => undefined,
): Promise<ExperimentStep> {
  const images = imagesOf(dataset), { image, classes, size } = images;
  const collected = new Map<string, Variable>(), scope = variables({ seed: SEED, collected });
  const student = build<Net>(recipe, scope.in("student"), image, classes);
  const teachers = teaching.map((teacher, i) => {
    const prefix = `teacher${i + 1}.`, recipe = networkOf(teacher), values = trained(recipe, prefix, images, start);
    return build(recipe, variables({ seed: SEED, collected, prefix, fixed: true, values }), image, classes);
  });
  const teacher = several ? teachers : teachers[0];
  const loss = distiller.build({
    create: creator(scope.in("distiller"), image, classes),
    student,
    teacher,
    dataset: { size, classes, labels: Int32Array.from({ length: size }, (_, i) => i % classes) },
  });
  const untouched = new Set(distiller.untouched?.(student));
  const trainable = [...collected.values()]
    .filter((variable) => variable.trainable && !variable.fixed && !untouched.has(variable));
  const update = optimizer(schedule, trainable, scope.in("velocity"));
  const { task, augmentation, normalisation, mix, views } = dataset;
  const seen = { task, augmentation, normalisation, mix, views };
  const run = engine.compile(
    trainStep({ student, teacher, loss, optimizer: update, trainable, untouched, ...seen, seed: SEED }),
  );
  const all = [...collected.values()];
  await engine.hold(all, given(all, start));
  const same = inputs(images, batch, schedule.rate(EPOCH));
  let step = 0;
  return { trainable, step: () => run({ ...same, step: { shape: [], data: Int32Array.of(step++) } }) };
}

/**
 * What a teacher starts with: its norms' offsets are as after some training, since TensorFlow would leave zeros out, which
 * no trained network has.
 */
function trained(teacher: Net, prefix: string, { image, classes }: Images, start: Start): Map<string, Float32Array> {
  const { variables: all } = build(teacher, variables({ seed: SEED, collected: new Map(), prefix }), image, classes);
  return given(
    all,
    (variable) => variable.name.endsWith(".offset") ? new Float32Array(variable.shape[0]).fill(0.01) : start(variable),
  );
}

/** What variables are given to start with, by name. */
function given(all: readonly Variable[], start: Start): Map<string, Float32Array> {
  return new Map(all.flatMap((variable) => {
    const value = start(variable);
    return value ? [[variable.name, value]] : [];
  }));
}

function inputs({ image, classes, size }: Images, batch: number, rate: number): Inputs<Exclude<TrainInput, "step">> {
  const random = stream(SEED, "bench"), [height, width, channels] = image;
  const index = Int32Array.from({ length: batch }, () => random.below(size));
  return {
    image: {
      shape: [batch, ...image],
      data: Uint8Array.from({ length: batch * height * width * channels }, () => random.below(256)),
    },
    label: { shape: [batch], data: index.map((i) => i % classes) },
    index: { shape: [batch], data: index },
    rate: { shape: [], data: Float32Array.of(rate) },
    epoch: { shape: [], data: Float32Array.of(EPOCH) },
  };
}
