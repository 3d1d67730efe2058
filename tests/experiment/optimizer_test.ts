/** Optimisers outside of the library, which schedules and engines must support. */
import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { scratch } from "../../lib/distillers/scratch.ts";
import type { Gradients } from "../../lib/experiment/optimizer.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import type { Schedule } from "../../lib/experiment/schedule.ts";
import type { Tensor } from "../../lib/kernels/tensor.ts";
import {
  constant,
  type Shape,
  sizeOf,
  type Update,
  type Variable,
  type Variables,
  variables,
} from "../../lib/nn/variables.ts";
import { type Kind, open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear, norm } from "../support/tolerance.ts";
import { flat, training } from "../support/toy_training.ts";

type MakeOptimizer = Schedule["optimizer"];

const BETAS = [0.9, 0.999] as const;
const EPSILON = 1e-8;
const DECAY = 0.1;
const LONGEST = 0.5;
const KEPT = 0.75;

async function both(name: string, body: (kind: Kind) => Promise<void>): Promise<void> {
  Deno.test(`${name}, op by op`, () => body("cpu"));
  await needs(everything, `${name}, compiled`, () => body("compiled"));
}

/** Makes a memory of each variable, below a scope. */
function makeMemories(
  trainable: readonly Variable[],
  create: Variables,
  shape: (variable: Variable) => Shape,
  initial: (variable: Variable) => Float32Array,
): Map<Variable, Variable> {
  const memory = (one: Variable) =>
    create.variable(one.name, shape(one), () => initial(one), { trainable: false });
  return new Map(trainable.map((variable) => [variable, memory(variable)]));
}

/**
 * AdamW with weight decay of matrices only, and all gradients together clipped to the norm
 * `LONGEST`.
 */
const adamw: MakeOptimizer = (trainable, create) => {
  const scope = create.in("adamw");
  const same = ({ shape }: Variable) => shape;
  const zeros = ({ shape }: Variable) => new Float32Array(sizeOf(shape));
  const counts = makeMemories(trainable, scope.in("count"), () => [], () => Float32Array.of(0));
  const [means, squares] = ["mean", "square"].map((name) =>
    makeMemories(trainable, scope.in(name), same, zeros)
  );
  return {
    update(gradients, rate) {
      const all = Array.from(gradients.values(), ([gradient]) => tf.sum(tf.square(gradient!)));
      const share = tf.minimum(1, tf.div(LONGEST, tf.add(tf.sqrt(tf.addN(all)), 1e-6)));
      return Array.from(gradients).flatMap(([variable, [gradient]]): Update[] => {
        const { lr = 1, weightDecay = variable.shape.length > 1 ? DECAY : 0 } = variable.paramGroup;
        const own = tf.mul(rate, lr);
        const moment = (memory: Variable, beta: number, value: Tensor) =>
          tf.add(tf.mul(memory.value, beta), tf.mul(value, 1 - beta));
        const [count, mean, square] = [counts, means, squares].map((memory) =>
          memory.get(variable)!
        );
        const clipped = tf.mul(gradient!, share);
        const steps = tf.add(count.value, 1);
        const nextMean = moment(mean, BETAS[0], clipped);
        const nextSquare = moment(square, BETAS[1], tf.square(clipped));
        const [first, second] = BETAS.map((beta) => tf.sub(1, tf.pow(beta, steps)));
        const way = tf.div(
          tf.div(nextMean, first),
          tf.add(tf.sqrt(tf.div(nextSquare, second)), EPSILON),
        );
        const decayed = tf.mul(variable.value, tf.sub(1, tf.mul(own, weightDecay)));
        return [
          { kind: "assign", variable: count, value: steps },
          { kind: "assign", variable: mean, value: nextMean },
          { kind: "assign", variable: square, value: nextSquare },
          { kind: "assign", variable, value: tf.sub(decayed, tf.mul(own, way)) },
        ];
      });
    },
  };
};

/** Adds an exponential moving average of each variable to an optimiser. */
const withAverage = (inner: MakeOptimizer): MakeOptimizer => (trainable, create) => {
  const { groups, update } = inner(trainable, create);
  const start = (variable: Variable) => variable.initial();
  const averages = makeMemories(trainable, create.in("average"), ({ shape }) => shape, start);
  return {
    groups,
    update(gradients, rate) {
      const averageUpdates = Array.from(averages, ([of, variable]): Update => ({
        kind: "average",
        variable,
        of,
        decay: KEPT,
      }));
      return [...update(gradients, rate), ...averageUpdates];
    },
  };
};

const RATES = [0.1, 0.2, 0.05, 0.3];
const WEIGHTS: Readonly<Record<string, readonly number[]>> = {
  matrix: [1, -2, 0.5, 3],
  vector: [2, -1],
  slow: [-1, 1, 2, 0.1],
  late: [0.3, 0.7],
};

/**
 * Gradients as large as the variables, different at each step. `late` has one only at every other
 * step.
 */
function gradientsOf(step: number): Record<string, number[]> {
  const all = Object.entries(WEIGHTS).filter(([name]) => name !== "late" || step % 2 === 1);
  return Object.fromEntries(
    all.map(([name, values]) => [name, values.map((w, i) => Math.sin(3 * step + i) + w / 4)]),
  );
}

/** Takes four steps of an optimiser with these gradients. Returns the variables, by name. */
async function takeSteps(kind: Kind, make: MakeOptimizer): Promise<Map<string, Float32Array>> {
  const engine = await open(kind);
  const collected = new Map<string, Variable>();
  const values = new Map(
    Object.entries(WEIGHTS).map(([name, values]) => [name, Float32Array.from(values)]),
  );
  const create = variables({ seed: 1, collected, values });
  const trainable = [
    create.variable("matrix", [2, 2], constant(0)),
    create.variable("vector", [2], constant(0)),
    create.at({ lr: 0.1, weightDecay: 0.3 }).variable("slow", [2, 2], constant(0)),
    create.variable("late", [2], constant(0)),
  ];
  const { update } = make(trainable, create);
  await engine.hold([...collected.values()]);
  const run = engine.compile<string>(({ rate, ...inputs }) => {
    const reached = trainable.filter(({ name }) => name in inputs);
    const gradientOf = ({ name }: Variable): Gradients => [tf.keep(tf.clone(inputs[name]))];
    return {
      values: {},
      updates: update(new Map(reached.map((variable) => [variable, gradientOf(variable)])), rate),
    };
  });
  for (const [step, rate] of RATES.entries()) {
    const gradients = Object.entries(gradientsOf(step)).map(([name, values]) => {
      const { shape } = collected.get(name)!;
      return [name, { shape, data: Float32Array.from(values) }];
    });
    await run({
      rate: { shape: [], data: Float32Array.of(rate) },
      ...Object.fromEntries(gradients),
    });
  }
  const all = [...collected.values()];
  const final = await engine.read(all);
  engine.close();
  return new Map(all.map(({ name }, i) => [name, final[i]]));
}

/**
 * The variable and its average after these steps, in which `move` updates it if it has a gradient.
 */
function expected(
  name: string,
  move: (w: number[], step: number, gradient: number[]) => number[],
): number[][] {
  let w = [...WEIGHTS[name]];
  let average = w;
  for (const step of RATES.keys()) {
    const { [name]: gradient } = gradientsOf(step);
    if (gradient) w = move(w, step, gradient);
    average = average.map((a, i) => KEPT * a + (1 - KEPT) * w[i]);
  }
  return [w, average];
}

await both(
  "optimizer: AdamW equals PyTorch's, with clipped gradients, parameter groups and an average of the weights",
  async (kind) => {
    const final = await takeSteps(kind, withAverage(adamw));
    for (const name of Object.keys(WEIGHTS)) {
      const [lr, decay] = name === "slow" ? [0.1, 0.3] : [1, name === "matrix" ? DECAY : 0];
      const mean = WEIGHTS[name].map(() => 0);
      const square = WEIGHTS[name].map(() => 0);
      let t = 0;
      const [w, average] = expected(name, (w, step, gradient) => {
        const share = Math.min(1, LONGEST / (norm(Object.values(gradientsOf(step)).flat()) + 1e-6));
        const rate = lr * RATES[step];
        t++;
        return w.map((x, i) => {
          const g = share * gradient[i];
          mean[i] = BETAS[0] * mean[i] + (1 - BETAS[0]) * g;
          square[i] = BETAS[1] * square[i] + (1 - BETAS[1]) * g * g;
          const width = Math.sqrt(square[i]) / Math.sqrt(1 - BETAS[1] ** t) + EPSILON;
          return x * (1 - rate * decay) - rate / (1 - BETAS[0] ** t) * mean[i] / width;
        });
      });
      assertNear(name, final.get(name)!, w, 1e-5);
      assertNear(`the average of ${name}`, final.get(`average.${name}`)!, average, 1e-5);
      assertEquals(final.get(`adamw.count.${name}`), Float32Array.of(t));
    }
  },
);

await both("optimizer: an average follows the weights that SGD moves", async (kind) => {
  for (const nesterov of [false, true]) {
    const { optimizer } = sgd({
      epochs: 1,
      batch: 1,
      lr: 1,
      momentum: 0.8,
      weightDecay: DECAY,
      nesterov,
    });
    const final = await takeSteps(kind, withAverage(optimizer));
    for (const name of Object.keys(WEIGHTS)) {
      const [lr, decay] = name === "slow" ? [0.1, 0.3] : [1, DECAY];
      const velocity = WEIGHTS[name].map(() => 0);
      const [w, average] = expected(name, (w, step, gradient) =>
        w.map((x, i) => {
          const g = gradient[i] + decay * x;
          velocity[i] = 0.8 * velocity[i] + g;
          return x - lr * RATES[step] * (nesterov ? g + 0.8 * velocity[i] : velocity[i]);
        }));
      assertNear(name, final.get(name)!, w, 1e-5);
      assertNear(`the average of ${name}`, final.get(`average.${name}`)!, average, 1e-5);
    }
  }
});

await both("optimizer: several updates of one variable are applied in order", async (kind) => {
  const engine = await open(kind);
  const create = variables({ seed: 1, collected: new Map() });
  const [w, v] = ["w", "v"].map((name) => create.variable(name, [1], constant(1)));
  await engine.hold([w, v]);
  const run = engine.compile<"x">(({ x }) => {
    const change = {
      kind: "momentum",
      variable: w,
      velocity: v,
      momentum: 0.5,
      nesterov: false,
    } as const;
    const rate = tf.scalar(0.1);
    return {
      values: { before: tf.add(w.value, v.value) },
      updates: [
        { kind: "assign", variable: w, value: tf.mul(w.value, 10) },
        { ...change, gradient: tf.clone(x), rate },
        { ...change, gradient: tf.mul(x, 2), rate },
      ],
    };
  });
  // v: 0.5 · 1 + 3 = 3.5, then 0.5 · 3.5 + 6 = 7.75; w: 10 − 0.35 − 0.775.
  const values = await run({ x: { shape: [1], data: Float32Array.of(3) } });
  assertEquals(values, { before: Float32Array.of(2) });
  assertNear(
    "w and v",
    (await engine.read([w, v])).flatMap((one) => [...one]),
    [8.875, 7.75],
    1e-6,
  );
  engine.close();
});

/**
 * Removes the bias before a norm: its gradient is only rounding errors, and AdamW's step is as long
 * for the smallest gradient.
 */
const withoutBias = (values: ReadonlyMap<string, Float32Array>): Float32Array =>
  flat(new Map([...values].filter(([name]) => !name.endsWith("stem.bias"))));

await needs(
  everything,
  "optimizer: a student trains with a custom optimiser, alike on both engines, and no tensor is left",
  async () => {
    const schedule = { ...sgd({ epochs: 1, batch: 4, lr: 0.1 }), optimizer: withAverage(adamw) };
    const trainedOn = async (kind: Kind) => {
      const engine = await open(kind);
      const before = tf.memory().numTensors;
      const { step, read } = await training(engine, scratch(), { teacher: undefined, schedule });
      const start = withoutBias(await read("student."));
      for (let i = 0; i < 3; i++) await step(0.01);
      const [student, average] = await Promise.all(
        ["student.", "average."].map(async (prefix) => withoutBias(await read(prefix))),
      );
      engine.close();
      assertEquals(tf.memory().numTensors, before, "tensors are left over");
      assertEquals(student.some((w, i) => w !== start[i]), true);
      return { student, average };
    };
    const [compiled, cpu] = [await trainedOn("compiled"), await trainedOn("cpu")];
    assertNear("student", compiled.student, cpu.student, 1e-4);
    assertNear("average", compiled.average, cpu.average, 1e-4);
  },
);
