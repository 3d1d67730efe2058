import { creator } from "../../lib/create.ts";
import type { Engine, Inputs, Values } from "../../lib/engine.ts";
import { type Experiment, networkOf } from "../../lib/experiment.ts";
import { build, type Net } from "../../lib/network.ts";
import { optimizer } from "../../lib/optimizer.ts";
import { stream } from "../../lib/random.ts";
import { type TrainInput, trainStep } from "../../lib/step.ts";
import { type Variable, variables } from "../../lib/variables.ts";

const IMAGE = [32, 32, 3], CLASSES = 100, IMAGES = 50_000, SEED = 1;

/**
 * The step of an experiment on images of 32×32 in 100 classes, held by an engine: as many random images as `batch` says,
 * untrained teachers that never change. Each call runs the next step on the same images; the first one traces.
 */
export async function experimentStep(
  engine: Engine,
  { student: recipe, teachers: given, several, distiller, schedule, dataset }: Experiment,
  batch: number,
): Promise<() => Promise<Values>> {
  const collected = new Map<string, Variable>(), scope = variables({ seed: SEED, collected });
  const student = build<Net>(recipe, scope.in("student"), IMAGE, CLASSES);
  const teachers = given.map((teacher, i) => {
    const prefix = `teacher${i + 1}.`, recipe = networkOf(teacher), values = offsets(recipe, prefix);
    return build(recipe, variables({ seed: SEED, collected, prefix, fixed: true, values }), IMAGE, CLASSES);
  });
  const teacher = several ? teachers : teachers[0];
  const loss = distiller.build({
    create: creator(scope.in("distiller"), IMAGE, CLASSES),
    student,
    teacher,
    dataset: { size: IMAGES, classes: CLASSES, labels: Int32Array.from({ length: IMAGES }, (_, i) => i % CLASSES) },
  });
  const untouched = new Set(distiller.untouched?.(student));
  const trainable = [...collected.values()]
    .filter((variable) => variable.trainable && !variable.fixed && !untouched.has(variable));
  const update = optimizer(schedule, trainable, scope.in("velocity"));
  const { augmentation, normalisation, mix, views } = dataset;
  const images = { augmentation, normalisation, mix, views };
  const run = engine.compile(
    trainStep({ student, teacher, loss, optimizer: update, trainable, untouched, ...images, seed: SEED }),
  );
  await engine.hold([...collected.values()]);
  const same = inputs(batch);
  let step = 0;
  return () => run({ ...same, step: { shape: [], data: Int32Array.of(step++) } });
}

/** Offsets of a teacher's norms as after some training: TensorFlow would leave zeros out, which no trained network has. */
function offsets(teacher: Net, prefix: string): Map<string, Float32Array> {
  const { variables: all } = build(teacher, variables({ seed: SEED, collected: new Map(), prefix }), IMAGE, CLASSES);
  const ours = all.filter(({ name }) => name.endsWith(".offset"));
  return new Map(ours.map(({ name, shape }) => [name, new Float32Array(shape[0]).fill(0.01)]));
}

function inputs(batch: number): Inputs<Exclude<TrainInput, "step">> {
  const random = stream(SEED, "bench"), [height, width, channels] = IMAGE;
  const index = Int32Array.from({ length: batch }, () => random.below(IMAGES));
  return {
    image: {
      shape: [batch, ...IMAGE],
      data: Uint8Array.from({ length: batch * height * width * channels }, () => random.below(256)),
    },
    label: { shape: [batch], data: index.map((i) => i % CLASSES) },
    index: { shape: [batch], data: index },
    rate: { shape: [], data: Float32Array.of(0.05) },
    epoch: { shape: [], data: Float32Array.of(2) },
  };
}
