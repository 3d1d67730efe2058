/**
 * A worker of a cluster, as a process of its own: `deno run -A tests/support/worker.ts <task>
 * <addresses> <rank> <agreement> <seconds>`. Prints the result of its task as JSON.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { shardOf } from "../../lib/data/shard.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import { clusterOf } from "../../lib/engine/cluster.ts";
import { openCluster } from "../../lib/engine/open_cluster.ts";
import { openEngine } from "../../lib/engine/open_engine.ts";
import { allReduce } from "../../lib/kernels/all_reduce.ts";
import { randomOf } from "../../lib/kernels/random_uniform.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import { conv } from "../../lib/nn/conv.ts";
import { dense, globalAveragePool, relu } from "../../lib/nn/layers.ts";
import { buildModel, type Classifier, classifier } from "../../lib/nn/network.ts";
import { crossEntropy, oneHot } from "../../lib/nn/ops.ts";
import { passes } from "../../lib/nn/pass.ts";
import { stage } from "../../lib/nn/stage.ts";
import { type Update, variables } from "../../lib/nn/variables.ts";
import { adamw } from "../../lib/optimizers/adamw.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { compileSteps } from "../../lib/training/compile_steps.ts";
import type { Input } from "../../lib/values/input.ts";
import type { Share } from "../../lib/values/share.ts";
import { Failure } from "../../lib/values/failure.ts";
import { assembleUntrained } from "./assemble_untrained.ts";
import { batch, CLASSES, IMAGE, inputs, small } from "./toy.ts";

/** What a worker computes. */
type Task = (engine: Engine, share: Share) => Promise<unknown>;

const scalar = (value: number): Input => ({ shape: [], data: Float32Array.of(value) });

/** Adds up tensors of several shapes, one of them larger than a bucket, and takes a gradient. */
const sums: Task = async (engine, { rank, workers }) => {
  const step = engine.compile(({ scale }: { scale: Tensor }) => {
    const reduce = allReduce(workers, "sums");
    const [matrix, large, one, cube] = [
      tf.reshape(tf.range(0, 6), [2, 3]),
      tf.fill([5 * 2 ** 20], 0.25),
      tf.scalar(1),
      tf.reshape(tf.range(0, 4), [1, 2, 2]),
    ].map((tensor) => tf.mul(tensor, scale));
    const totals = reduce([matrix, large, one, cube]);
    // This worker's loss: rank + 1 times the sum of the total's squares.
    const gradient = tf.grad((x) => tf.mul(tf.sum(tf.square(reduce([x])[0])), rank + 1))(matrix);
    const values = {
      matrix: totals[0],
      large: tf.slice(totals[1], [0], [3]),
      one: totals[2],
      cube: totals[3],
      gradient,
    };
    for (const value of Object.values(values)) tf.keep(value);
    return { values, updates: [] };
  });
  const values = await step({ scale: scalar(rank + 1) });
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [...value]]));
};

/** Runs steps until something stops it. */
const forever: Task = async (engine, { workers }) => {
  const step = engine.compile(({ one }: { one: Tensor }) => {
    const [sum] = allReduce(workers, "forever")([one]);
    return { values: { sum: tf.keep(sum) }, updates: [] };
  });
  for (let i = 0;; i++) {
    await step({ one: scalar(1) });
    if (i === 0) console.log("started");
  }
};

/** A network without norms. */
const plain = classifier("plain", {}, (classes) => ({
  stem: stage(conv(4, { bias: true }), relu()),
  pooled: stage(globalAveragePool()),
  logits: stage(dense(classes)),
}));

/**
 * Trains a network on batches of 5, 5 and 4 images with random noise. Returns the losses and the
 * variables.
 */
const train = (network: Classifier): Task => async (engine, share) => {
  const { workers } = share;
  const scope = variables({ seed: 1, collected: new Map() }).in(network.id);
  const model = buildModel(network, scope, IMAGE, CLASSES);
  await engine.hold(model.variables);
  const trainable = model.variables.filter((variable) => variable.trainable);
  const step = engine.compile(
    ({ image, label, step }: { image: Tensor; label: Tensor; step: Tensor }) => {
      const reduce = allReduce(workers, network.id);
      const images = image.shape[0];
      const noise = randomOf(1, "noise", step, { ...share, images }).uniform([images, 1, 1, 1]);
      const { live, remembered } = passes(undefined, workers > 1 ? reduce : undefined);
      const loss = () => {
        const { logits } = model.run(tf.add(tf.div(image, 255), noise), live).taps;
        return tf.sum(crossEntropy(logits, oneHot(label, CLASSES))) as tf.Scalar;
      };
      const { value, grads } = tf.engine().gradients(
        loss,
        trainable.map((variable) => variable.value),
        undefined,
        true,
      );
      const [count, total, ...gradients] = reduce([tf.scalar(images), value, ...grads]);
      const updates = trainable.map((variable, i): Update => ({
        kind: "assign",
        variable,
        value: tf.keep(tf.sub(variable.value, tf.mul(tf.div(gradients[i], count), 0.5))),
      }));
      const statistics = remembered.map(([variable, value]): Update => ({
        kind: "assign",
        variable,
        value: tf.keep(value),
      }));
      return {
        values: { loss: tf.keep(tf.div(total, count)) },
        updates: [...updates, ...statistics],
      };
    },
  );
  const losses: number[] = [];
  for (const [i, size] of [5, 5, 4].entries()) {
    const { image, label } = batch(i, size);
    const { order } = shardOf(Uint32Array.from({ length: size }, (_, j) => j), size, share);
    const { loss } = await step({
      image: rows(image, order),
      label: rows(label, order),
      step: { shape: [], data: Int32Array.of(i) },
    });
    losses.push(loss[0]);
  }
  const values = await engine.read(model.variables);
  return { losses, values: values.map((value) => [...value]) };
};

/** Takes steps of AdamW with clipped gradients over two parts of each worker's images. */
const trainInParts: Task = async (engine, share) => {
  const assembly = assembleUntrained(
    {
      student: plain,
      teacher: undefined,
      distiller: scratch(),
      dataset: {
        task: classification,
        augmentation: { crop: 1, flip: true },
        normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      },
    },
    {
      seed: 1,
      image: IMAGE,
      classes: CLASSES,
      train: { size: 24, labels: new Int32Array(24) },
      schedule: adamw({
        ...{ epochs: 1, batch: 10, lr: 0.05, epsilon: 1e-3 },
        ...{ clip: 0.5, ema: 0.5, accumulate: 2 },
      }),
    },
  );
  await engine.hold([...assembly.variables.values()]);
  const parallel = { share, syncNorm: true, name: "parts" };
  const { step } = compileSteps(engine, [assembly], parallel);
  const losses: number[] = [];
  for (const [i, size] of [10, 10, 5].entries()) {
    const whole = inputs(i, 0.05, size);
    const { order } = shardOf(Uint32Array.from({ length: size }, (_, j) => j), size, share);
    const { image, label, index } = whole;
    const own = { image: rows(image, order), label: rows(label, order), index: rows(index, order) };
    losses.push((await step({ ...whole, ...own }))[0].loss[0]);
  }
  const values = await engine.read(assembly.state);
  return { losses, values: values.map((value) => [...value]) };
};

/** Picks rows of an input. */
function rows({ shape: [, ...rest], data }: Input, order: Uint32Array): Input {
  const size = rest.reduce((a, b) => a * b, 1);
  const picked = data.slice(0, order.length * size);
  order.forEach((row, i) => picked.set(data.subarray(row * size, (row + 1) * size), i * size));
  return { shape: [order.length, ...rest], data: picked };
}

const tasks: Readonly<Record<string, Task>> = {
  forever,
  parts: trainInParts,
  compute: async (engine, share) => ({
    sums: await sums(engine, share),
    plain: await train(plain)(engine, share),
    norms: await train(small)(engine, share),
  }),
};

const [task, addresses, rank, declaration, seconds] = Deno.args;
try {
  const cluster = clusterOf({ cluster: addresses, rank: Number(rank) }, undefined);
  using open = cluster && await openCluster(cluster, {
    agreement: { declaration },
    seconds: Number(seconds),
    threads: 1,
  });
  const { engine } = await openEngine({ threads: 1, cluster: open });
  const share = { rank: Number(rank), workers: cluster?.addresses.length ?? 1 };
  try {
    console.log(JSON.stringify(await tasks[task](engine, share)));
  } finally {
    engine.close();
  }
  await open?.calls.leave();
} catch (error) {
  console.error(error instanceof Failure ? error.message : error);
  Deno.exit(error instanceof Failure ? error.exit : 99);
}
