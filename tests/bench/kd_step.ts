import { creator } from "../../lib/create.ts";
import { kd } from "../../lib/distillers/kd.ts";
import type { Loss, Teachers } from "../../lib/distiller.ts";
import type { Engine, Inputs, Values } from "../../lib/engine.ts";
import { Failure } from "../../lib/failure.ts";
import { build, type Net, type Scorer } from "../../lib/network.ts";
import { resnet18, resnet34, resnet50 } from "../../lib/networks/deep_resnet.ts";
import { mobilenetv2 } from "../../lib/networks/mobilenet.ts";
import * as resnet from "../../lib/networks/resnet.ts";
import * as shufflenet from "../../lib/networks/shufflenet.ts";
import * as vgg from "../../lib/networks/vgg.ts";
import { wrn_16_1, wrn_16_2, wrn_40_1, wrn_40_2 } from "../../lib/networks/wrn.ts";
import { optimizer } from "../../lib/optimizer.ts";
import { stream } from "../../lib/random.ts";
import { sgd } from "../../lib/schedule.ts";
import { type TrainInput, trainStep } from "../../lib/step.ts";
import { type Variable, variables } from "../../lib/variables.ts";

const NETWORKS: Readonly<Record<string, Scorer>> = {
  ...resnet,
  ...vgg,
  ...shufflenet,
  ...{ resnet18, resnet34, resnet50, wrn_16_1, wrn_16_2, wrn_40_1, wrn_40_2 },
  mobilenetv2: mobilenetv2(),
};
const IMAGE = [32, 32, 3], CLASSES = 100, SEED = 1;

/** Teacher and student of a pair like `vgg13-vgg8`. Throws a `Failure` (exit 2) where a name is not a network's. */
export function pairOf(pair: string): { readonly teacher: Scorer; readonly student: Scorer } {
  const [teacher, student] = pair.split("-").map((name) => NETWORKS[name]);
  if (teacher && student && pair.split("-").length === 2) return { teacher, student };
  throw new Failure(2, `--pair is <teacher>-<student> out of ${Object.keys(NETWORKS).join(", ")}, not "${pair}"`);
}

/**
 * The step that PyTorch is timed at too, held by an engine: plain KD on `batch` random images of 32×32 in 100 classes,
 * normalised but not augmented, an untrained teacher that never changes, SGD with momentum and weight decay. Each call
 * runs the next step on the same images; the first one traces.
 */
export async function kdStep(engine: Engine, pair: string, batch: number): Promise<() => Promise<Values>> {
  const recipes = pairOf(pair);
  const collected = new Map<string, Variable>(), scope = variables({ seed: SEED, collected });
  const frozen = variables({
    seed: SEED,
    collected,
    prefix: "teacher1.",
    fixed: true,
    values: offsets(recipes.teacher),
  });
  const student = build(recipes.student, scope.in("student"), IMAGE, CLASSES);
  const teacher = build(recipes.teacher, frozen, IMAGE, CLASSES);
  const given = inputs(batch);
  const loss = kd().build({
    create: creator(scope.in("distiller"), IMAGE, CLASSES),
    student,
    teacher,
    dataset: { size: batch, classes: CLASSES, labels: given.label.data as Int32Array },
  });
  const trainable = student.variables.filter(({ trainable }) => trainable);
  const run = engine.compile(trainStep({
    student,
    teacher,
    loss: loss as unknown as Loss<Net, Teachers>,
    optimizer: optimizer(sgd({ epochs: 1, batch, lr: 0.05 }), trainable, scope.in("velocity")),
    trainable,
    augmentation: { crop: 0, flip: false },
    normalisation: { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
    seed: SEED,
  }));
  await engine.hold([...collected.values()]);
  let step = 0;
  return () => run({ ...given, step: { shape: [], data: Int32Array.of(step++) } });
}

/** Offsets of a teacher's norms as after some training: TensorFlow would leave zeros out, which no trained network has. */
function offsets(teacher: Scorer): Map<string, Float32Array> {
  const { variables: all } = build(
    teacher,
    variables({ seed: SEED, collected: new Map(), prefix: "teacher1." }),
    IMAGE,
    CLASSES,
  );
  const ours = all.filter(({ name }) => name.endsWith(".offset"));
  return new Map(ours.map(({ name, shape }) => [name, new Float32Array(shape[0]).fill(0.01)]));
}

function inputs(batch: number): Inputs<Exclude<TrainInput, "step">> {
  const random = stream(SEED, "bench"), [height, width, channels] = IMAGE;
  const draw = (bound: number) => () => random.below(bound);
  return {
    image: {
      shape: [batch, ...IMAGE],
      data: Uint8Array.from({ length: batch * height * width * channels }, draw(256)),
    },
    label: { shape: [batch], data: Int32Array.from({ length: batch }, draw(CLASSES)) },
    index: { shape: [batch], data: Int32Array.from({ length: batch }, (_, i) => i) },
    rate: { shape: [], data: Float32Array.of(0.05) },
    epoch: { shape: [], data: Float32Array.of(1) },
  };
}
