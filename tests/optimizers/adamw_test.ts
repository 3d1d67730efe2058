import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cosine } from "../../lib/experiment/rates.ts";
import { constant, type Variable, variables } from "../../lib/nn/variables.ts";
import { adamw } from "../../lib/optimizers/adamw.ts";
import { Failure } from "../../lib/values/failure.ts";
import { type Kind, open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

Deno.test("adamw: defaults are declared, and options that it shares only if they are set", () => {
  const usual = { weightDecay: 0.05, betas: [0.9, 0.999], epsilon: 1e-8 };
  const { options, rate } = adamw({ epochs: 4, batch: 2, lr: 3 });
  assertEquals(options, { epochs: 4, batch: 2, lr: 3, ...usual });
  assertEquals([rate(1), rate(4)], [3, 3]);
  const around = { clip: 1, ema: 0.9, accumulate: 2 };
  const falling = cosine({ warmup: { epochs: 2, from: 0.1 } });
  const schedule = adamw({ epochs: 4, batch: 2, lr: 3, rate: falling, ...around });
  const { clip, ema, accumulate } = schedule.over(2);
  assertEquals({ clip, ema, accumulate }, around);
  assertEquals(schedule.over(2).options, {
    ...{ epochs: 2, batch: 2, lr: 3, ...usual, ...around },
    rate: { id: "cosine", options: { minimum: 0, warmup: { epochs: 1, from: 0.1 } } },
  });
  const plain = adamw({ epochs: 4, batch: 2, lr: 3, accumulate: 1 });
  assertEquals(plain.options, options);
});

Deno.test("adamw: options out of their ranges are refused", () => {
  const wrong: readonly [Parameters<typeof adamw>[0], string][] = [
    [{ epochs: 1, batch: 4, lr: 1, betas: [0.9, 1] }, "adamw: `betas` is 1"],
    [{ epochs: 1, batch: 4, lr: 1, betas: [-0.1, 0.9] }, "adamw: `betas` is -0.1"],
    [{ epochs: 1, batch: 4, lr: 1, epsilon: 0 }, "adamw: `epsilon` is 0"],
    [{ epochs: 1, batch: 4, lr: 1, clip: 0 }, "adamw: `clip` is 0"],
    [{ epochs: 1, batch: 4, lr: 1, ema: 1 }, "adamw: `ema` is 1"],
    [{ epochs: 1, batch: 4, lr: 1, accumulate: 1.5 }, "adamw: `accumulate` is 1.5"],
  ];
  for (const [options, message] of wrong) {
    assertEquals(assertThrows(() => adamw(options), Failure, message).exit, 2);
  }
  // @ts-expect-error DOT is of SGD's momentum.
  void (() => adamw({ epochs: 1, batch: 1, lr: 1, dot: 0.1 }));
});

const RATES = [0.01, 0.01, 0.005];

/** A gradient of each step, for the two elements of a variable. */
const GRADIENTS = [[1, -2], [0.5, 1e-8], [-3, 0]];

/** PyTorch's AdamW in float64 (its documentation's algorithm). */
function expected(rates: readonly number[], decay: number): number[] {
  return [2, -1].map((start, i) => {
    let [w, mean, square] = [start, 0, 0];
    rates.forEach((rate, step) => {
      const gradient = GRADIENTS[step][i];
      w -= rate * decay * w;
      mean = 0.8 * mean + 0.2 * gradient;
      square = 0.99 * square + 0.01 * gradient ** 2;
      const width = Math.sqrt(square / (1 - 0.99 ** (step + 1))) + 1e-6;
      w -= rate * mean / (1 - 0.8 ** (step + 1)) / width;
    });
    return w;
  });
}

async function assertPytorch(kind: Kind): Promise<void> {
  const engine = await open(kind);
  const collected = new Map<string, Variable>();
  const values = new Map(
    ["matrix", "vector", "own", "free"].map((name) => [name, Float32Array.of(2, -1)]),
  );
  const create = variables({ seed: 1, collected, values });
  const trainable = [
    create.variable("matrix", [1, 2], constant(0)),
    create.variable("vector", [2], constant(0)),
    create.at({ lr: 0.5, weightDecay: 0.7 }).variable("own", [2], constant(0)),
    create.at({ weightDecay: 0 }).variable("free", [2, 1], constant(0)),
  ];
  const { optimizer } = adamw({
    ...{ epochs: 1, batch: 1, lr: 1 },
    ...{ weightDecay: 0.3, betas: [0.8, 0.99], epsilon: 1e-6 },
  });
  const { update } = optimizer(trainable, create);
  await engine.hold([...collected.values()]);
  const run = engine.compile<"gradient" | "rate">(({ gradient, rate }) => ({
    values: {},
    updates: update(
      new Map(trainable.map((one) => [one, [tf.keep(tf.reshape(gradient, [...one.shape]))]])),
      rate,
    ),
  }));
  for (const [i, rate] of RATES.entries()) {
    await run({
      gradient: { shape: [2], data: Float32Array.from(GRADIENTS[i]) },
      rate: { shape: [], data: Float32Array.of(rate) },
    });
  }
  const [matrix, vector, own, free] = await engine.read(trainable);
  engine.close();
  assertNear("matrix", matrix, expected(RATES, 0.3), 1e-6);
  assertNear("vector", vector, expected(RATES, 0), 1e-6);
  assertNear("own", own, expected(RATES.map((rate) => rate / 2), 0.7), 1e-6);
  assertNear("free", free, expected(RATES, 0), 1e-6);
}

Deno.test("adamw: averages, decay, ε and groups are PyTorch's, op by op", () =>
  assertPytorch("cpu"));
await needs(
  everything,
  "adamw: averages, decay, ε and groups are PyTorch's, compiled",
  () => assertPytorch("compiled"),
);

Deno.test("adamw: its averages have the names of their variables, and are not trainable", () => {
  const collected = new Map<string, Variable>();
  const create = variables({ seed: 1, collected });
  const weight = create.in("student").variable("weight", [2, 3], constant(1));
  adamw({ epochs: 1, batch: 1, lr: 1 }).optimizer([weight], create);
  const own = [...collected.values()].slice(1);
  assertEquals(own.map(({ name, shape, trainable }) => [name, shape, trainable]), [
    ["adamw.mean.student.weight", [2, 3], false],
    ["adamw.square.student.weight", [2, 3], false],
    ["adamw.steps", [1], false],
  ]);
});
