import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { Failure } from "../../lib/values/failure.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { cosine, steps } from "../../lib/experiment/rates.ts";
import { constant, type Variable, variables } from "../../lib/nn/variables.ts";
import { type Kind, open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

const long = sgd({ epochs: 240, batch: 64, lr: 0.05, drops: { at: [150, 180, 210], by: 0.1 } });

Deno.test("sgd: the learning rate drops after the epochs of its milestones", () => {
  assertEquals(long.rate(1), 0.05);
  assertEquals(long.rate(150), 0.05);
  assertEquals(long.rate(150, 9, { steps: 10, total: 2400 }), 0.05);
  assertAlmostEquals(long.rate(151), 0.005, 1e-12);
  assertAlmostEquals(long.rate(181), 0.0005, 1e-12);
  assertAlmostEquals(long.rate(240), 0.00005, 1e-12);
});

Deno.test("sgd: over another number of epochs the drops move in proportion, and nothing else changes", () => {
  const short = long.over(24);
  assertEquals([short.epochs, short.batch], [24, 64]);
  assertEquals(
    short.options,
    sgd({ epochs: 24, batch: 64, lr: 0.05, drops: { at: [15, 18, 21], by: 0.1 } }).options,
  );
  assertEquals(short.rate(15), 0.05);
  assertAlmostEquals(short.rate(16), 0.005, 1e-12);
  assertAlmostEquals(short.rate(24), 0.00005, 1e-12);
  assertEquals(long.over(240).options, long.options);
});

Deno.test("sgd: lasting another number of epochs, nothing moves", () => {
  const drops = { at: [150, 180, 210], by: 0.1 };
  const longer = long.lasting!(300);
  assertEquals(longer.options, sgd({ epochs: 300, batch: 64, lr: 0.05, drops }).options);
  for (const epoch of [1, 150, 151, 240]) assertEquals(longer.rate(epoch), long.rate(epoch));
  assertEquals(longer.lasting!(240).options, long.options);
  const falling = sgd({ epochs: 10, batch: 64, lr: 0.05, rate: cosine() });
  assertEquals(falling.lasting!(20).rate(11), falling.rate(6));
});

Deno.test("sgd: omitted options are declared with their defaults", () => {
  assertEquals(sgd({ epochs: 1, batch: 2, lr: 3 }).options, {
    epochs: 1,
    batch: 2,
    lr: 3,
    drops: { at: [], by: 0.1 },
    momentum: 0.9,
    weightDecay: 5e-4,
  });
});

Deno.test("sgd: Nesterov's momentum and DOT are declared if set, also over other epochs", () => {
  const { options, over } = sgd({ epochs: 10, batch: 2, lr: 3, nesterov: true, dot: 0.075 });
  for (const { nesterov, dot } of [options, over(5).options] as Record<string, unknown>[]) {
    assertEquals([nesterov, dot], [true, 0.075]);
  }
  assertEquals(
    sgd({ epochs: 1, batch: 2, lr: 3, nesterov: false }).options,
    sgd({ epochs: 1, batch: 2, lr: 3 }).options,
  );
});

Deno.test("sgd: another rate replaces the drops, in the options and over other epochs", () => {
  const rate = cosine({ minimum: 0.01, warmup: { epochs: 2, from: 0.1 } });
  const { options, over, rate: of } = sgd({ epochs: 10, batch: 2, lr: 3, rate });
  assertEquals(options, {
    epochs: 10,
    batch: 2,
    lr: 3,
    rate: { id: "cosine", options: { minimum: 0.01, warmup: { epochs: 2, from: 0.1 } } },
    momentum: 0.9,
    weightDecay: 5e-4,
  });
  const sixth = rate.at(5, { epochs: 10, lr: 3, iteration: 5 });
  assertEquals([of(1), of(2), of(6)], [0.1, 1.55, sixth]);
  const { options: shorter } = over(5) as { options: unknown };
  const half = cosine({ minimum: 0.01, warmup: { epochs: 1, from: 0.1 } });
  assertEquals(shorter, sgd({ epochs: 5, batch: 2, lr: 3, rate: half }).options);
  const both = {
    epochs: 10,
    batch: 2,
    lr: 3,
    drops: { at: [5], by: 0.1 },
    rate: steps({ at: [5], by: 0.1 }),
  };
  assertEquals(assertThrows(() => sgd(both), Failure, "`drops` and `rate`").exit, 2);
});

Deno.test("sgd: a DOT that moves a momentum out of its bounds is refused", () => {
  for (const dot of [0.1, -0.1, 0.95, NaN]) {
    const { exit } = assertThrows(
      () => sgd({ epochs: 1, batch: 2, lr: 3, dot }),
      Failure,
      `sgd: \`dot\` is ${dot}`,
    );
    assertEquals(exit, 2);
  }
});

const MOMENTUM = 0.9;
const DECAY = 0.1;
const RATE = 0.5;

/** Takes three steps with the gradients 1, −2 and 0.5, for four variables of different groups. */
async function threeSteps(kind: Kind): Promise<Record<string, number>> {
  const engine = await open(kind);
  const collected = new Map<string, Variable>();
  const create = variables({ seed: 1, collected });
  const make = (name: string, scope: typeof create) => scope.variable(name, [1], constant(2));
  const trainable = [
    make("usual", create),
    make("slow", create.at({ lr: 0.1 })),
    make("free", create.at({ weightDecay: 0 })),
    make("own", create.at({ lr: 2, weightDecay: 0.3 })),
  ];
  const schedule = sgd({ epochs: 1, batch: 1, lr: RATE, momentum: MOMENTUM, weightDecay: DECAY });
  const { update } = schedule.optimizer(trainable, create);
  await engine.hold([...collected.values()]);
  const run = engine.compile<"gradient" | "rate">(({ gradient, rate }) => ({
    values: { rate: tf.neg(rate) },
    updates: update(
      new Map(trainable.map((variable) => [variable, [tf.keep(tf.clone(gradient))]])),
      rate,
    ),
  }));
  for (const gradient of [1, -2, 0.5]) {
    await run({
      gradient: { shape: [1], data: Float32Array.of(gradient) },
      rate: { shape: [], data: Float32Array.of(RATE) },
    });
  }
  const values = await engine.read(trainable);
  engine.close();
  return Object.fromEntries(trainable.map(({ name }, i) => [name, values[i][0]]));
}

/** PyTorch's equations: g ← g + decay · w; v ← momentum · v + g; w ← w − rate · v. */
function expected(lr: number, decay: number): number {
  let w = 2;
  let v = 0;
  for (const gradient of [1, -2, 0.5]) {
    v = MOMENTUM * v + gradient + decay * w;
    w -= lr * v;
  }
  return w;
}

async function assertPytorch(kind: Kind): Promise<void> {
  const { usual, slow, free, own } = await threeSteps(kind);
  assertAlmostEquals(usual, expected(RATE, DECAY), 1e-6);
  assertAlmostEquals(slow, expected(0.1 * RATE, DECAY), 1e-6);
  assertAlmostEquals(free, expected(RATE, 0), 1e-6);
  assertAlmostEquals(own, expected(2 * RATE, 0.3), 1e-6);
}

Deno.test("sgd: momentum, weight decay and groups are PyTorch's, op by op", () =>
  assertPytorch("cpu"));
await needs(
  everything,
  "sgd: momentum, weight decay and groups are PyTorch's, compiled",
  () => assertPytorch("compiled"),
);

/** Takes three steps of a variable that both the task's terms and others reach. */
async function dotSteps(kind: Kind, nesterov: boolean): Promise<number> {
  const engine = await open(kind);
  const collected = new Map<string, Variable>();
  const create = variables({ seed: 1, collected });
  const variable = create.variable("w", [1], constant(2));
  const schedule = sgd({
    epochs: 1,
    batch: 1,
    lr: RATE,
    momentum: 0.8,
    weightDecay: DECAY,
    dot: 0.1,
    nesterov,
  });
  const { update } = schedule.optimizer([variable], create);
  await engine.hold([...collected.values()]);
  const run = engine.compile<"task" | "other" | "rate">(({ task, other, rate }) => ({
    // Values that are read before an update are the old ones.
    values: Object.fromEntries([...collected].map(([name, { value }]) => [name, tf.neg(value)])),
    updates: update(
      new Map([[variable, [tf.keep(tf.clone(task)), tf.keep(tf.clone(other))]]]),
      rate,
    ),
  }));
  const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) });
  const vector = (value: number) => ({ shape: [1], data: Float32Array.of(value) });
  for (const [task, other] of GRADIENTS) {
    const before = (await engine.read([...collected.values()])).map(([value]) => -value);
    const seen = await run({ task: vector(task), other: vector(other), rate: scalar(RATE) });
    assertEquals(Object.values(seen).map(([value]) => value), before);
  }
  const [[w]] = await engine.read([variable]);
  engine.close();
  return w;
}

const GRADIENTS = [[1, 0.3], [-2, 0.4], [0.5, -0.7]];

async function assertDot(kind: Kind): Promise<void> {
  for (const nesterov of [false, true]) {
    let w = 2;
    let v = 0;
    let u = 0;
    for (const [task, other] of GRADIENTS) {
      const decayed = task + DECAY * w;
      v = 0.7 * v + decayed;
      u = 0.9 * u + other;
      w -= RATE * (nesterov ? decayed + 0.7 * v + other + 0.9 * u : v + u);
    }
    assertAlmostEquals(await dotSteps(kind, nesterov), w, 1e-6);
  }
}

Deno.test("sgd: DOT's velocities have separate momenta, op by op", () => assertDot("cpu"));
await needs(
  everything,
  "sgd: DOT's velocities have separate momenta, compiled",
  () => assertDot("compiled"),
);

/** The optimiser's groups of terms, with or without DOT. */
function groupsOf(dot?: number) {
  return sgd({ epochs: 1, batch: 1, lr: 1, dot }).optimizer(
    [],
    variables({ seed: 1, collected: new Map() }),
  ).groups;
}

Deno.test("sgd: DOT separates the terms with the task's role, plain SGD none", () => {
  assertEquals(groupsOf(), undefined);
  const roles = new Map(
    [["labels", "task"], ["kd", undefined], ["self1", "task"], ["other_task", undefined]] as const,
  );
  assertEquals(groupsOf(0.05)!(roles), [["labels", "self1"], ["kd", "other_task"]]);
  assertEquals(groupsOf(0.05)!(new Map([["task", "task"]])), [["task"], []]);
});

Deno.test("sgd: DOT refuses terms of which none has the task's role", () => {
  const { exit, message } = assertThrows(
    () => groupsOf(0.05)!(new Map([["task", undefined]])),
    Failure,
  );
  assertEquals([exit, message.includes('none of task has the role "task"')], [2, true]);
});

Deno.test("sgd: a velocity is not trainable and has the name of its variable", () => {
  const collected = new Map<string, Variable>();
  const create = variables({ seed: 1, collected });
  const weight = create.in("student").variable("weight", [2, 3], constant(1));
  sgd({ epochs: 1, batch: 1, lr: 1 }).optimizer([weight], create);
  assertEquals([...collected.keys()], ["student.weight", "velocity.student.weight"]);
  const { shape, trainable } = collected.get("velocity.student.weight")!;
  assertEquals([shape, trainable], [[2, 3], false]);
});

Deno.test("sgd: DOT's second velocity has another name", () => {
  const collected = new Map<string, Variable>();
  const create = variables({ seed: 1, collected });
  const weight = create.in("student").variable("weight", [2, 3], constant(1));
  sgd({ epochs: 1, batch: 1, lr: 1, dot: 0.075 }).optimizer([weight], create);
  assertEquals([...collected.keys()], [
    "student.weight",
    "velocity.student.weight",
    "velocity.others.student.weight",
  ]);
});
