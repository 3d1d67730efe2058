import * as tf from "@tensorflow/tfjs";
import { convNorm } from "../nn/conv.ts";
import { dense, globalAveragePool, relu, seq } from "../nn/layers.ts";
import { passes } from "../nn/pass.ts";
import { constant, type Shape, type Update, type Variable, variables } from "../nn/variables.ts";
import { stream } from "../values/random.ts";
import type { CompiledStep, Engine, StepFunction } from "./engine.ts";
import { type EngineOptions, openEngine } from "./open_engine.ts";

/** A number format of convolutions and products. */
export type Precision = NonNullable<EngineOptions["precision"]>;

/** Milliseconds of one training step in each precision. */
export type PrecisionTimes = Readonly<Record<Precision, number>>;

/** The images of a step, and their height, width and channels. */
const BATCH = 32;
const IMAGE: Shape = [32, 32, 16];

/** The most steps in each precision, after one that traces. */
const ROUNDS = 4;

/** Milliseconds after which no further step begins: some processors take seconds in bfloat16. */
const LONGEST = 1000;

/** The share of its time that a step has to save in bfloat16, which rounds more. */
const LEAST_GAIN = 0.05;

/**
 * Times a training step in both precisions, the fastest of a few, in turns, which takes about two
 * seconds. It has convolutions of the shapes of CIFAR's VGGs, ResNets and wide ResNets. Rejects with
 * a `Failure` as `openEngine` does.
 */
export async function timePrecisions(
  options: Pick<EngineOptions, "threads" | "deterministic" | "log"> = {},
): Promise<PrecisionTimes> {
  using engines = new DisposableStack();
  const open = async (precision: Precision): Promise<() => Promise<number>> => {
    const { engine } = await openEngine({ ...options, precision });
    engines.defer(() => engine.close());
    return timer(await compileStep(engine));
  };
  const float32 = await open("float32");
  const bfloat16 = await open("bfloat16");
  // The first step of each traces.
  await float32();
  await bfloat16();
  const times = { float32: Infinity, bfloat16: Infinity };
  const begun = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    times.float32 = Math.min(times.float32, await float32());
    times.bfloat16 = Math.min(times.bfloat16, await bfloat16());
    if (performance.now() - begun > LONGEST) break;
  }
  return times;
}

/** The precision to train in: bfloat16 if it saves at least a twentieth of the time. */
export function fasterPrecision({ float32, bfloat16 }: PrecisionTimes): Precision {
  return bfloat16 <= (1 - LEAST_GAIN) * float32 ? "bfloat16" : "float32";
}

/** A function that runs the step on noise and returns its milliseconds. */
function timer(step: CompiledStep<"image">): () => Promise<number> {
  const random = stream(1, "precisions");
  const shape = [BATCH, ...IMAGE];
  const size = shape.reduce((product, side) => product * side);
  const image = { shape, data: Float32Array.from({ length: size }, () => random.uniform()) };
  return async () => {
    const begun = performance.now();
    await step({ image });
    return performance.now() - begun;
  };
}

/** Compiles a step of SGD that leaves the weights as they are. */
async function compileStep(engine: Engine): Promise<CompiledStep<"image">> {
  const collected = new Map<string, Variable>();
  const scope = variables({ seed: 1, collected });
  const unit = (channels: number, kernel = 3, stride = 1) =>
    seq(convNorm(channels, { kernel, stride }), relu());
  const network = seq(
    ...[unit(16), unit(32), unit(64, 3, 2), unit(64), unit(128, 3, 2), unit(256), unit(128, 1)],
    ...[globalAveragePool(), dense(100)],
  )(scope.in("network"), IMAGE);
  const learned = [...collected.values()].filter(({ trainable }) => trainable).map((variable) => ({
    variable,
    velocity: scope.variable(`velocity.${variable.name}`, variable.shape, constant(0), {
      trainable: false,
    }),
  }));
  await engine.hold([...collected.values()]);
  const step: StepFunction<"image"> = ({ image }) => {
    const { live } = passes();
    const { grads } = tf.engine().gradients(
      () => tf.sum(tf.square(network(image, live))),
      learned.map(({ variable }) => variable.value),
    );
    const rate = tf.scalar(0);
    const updates = learned.map(({ variable, velocity }, i): Update => ({
      ...{ kind: "momentum", momentum: 0.9, nesterov: false, rate },
      ...{ variable, velocity, gradient: grads[i] },
    }));
    return { values: {}, updates };
  };
  return engine.compile(step);
}
