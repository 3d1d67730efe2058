import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { optimizer } from "../lib/optimizer.ts";
import { sgd } from "../lib/schedule.ts";
import { constant, type Variable, variables } from "../lib/variables.ts";
import { type Kind, open } from "./engines.ts";
import { everything, needs } from "./needs.ts";

const MOMENTUM = 0.9, DECAY = 0.1, RATE = 0.5;

/** Three steps with the gradients 1, −2 and 0.5 for four variables, each at a pace of its own. */
async function threeSteps(kind: Kind): Promise<Record<string, number>> {
  const engine = await open(kind), collected = new Map<string, Variable>(), create = variables({ seed: 1, collected });
  const make = (name: string, scope: typeof create) => scope.variable(name, [1], constant(2));
  const learning = [
    make("plain", create),
    make("slow", create.at({ lr: 0.1 })),
    make("free", create.at({ weightDecay: 0 })),
    make("own", create.at({ lr: 2, weightDecay: 0.3 })),
  ];
  const schedule = sgd({ epochs: 1, batch: 1, lr: RATE, momentum: MOMENTUM, weightDecay: DECAY });
  const update = optimizer(schedule, learning, create.in("velocity"));
  await engine.hold([...collected.values()]);
  const run = engine.compile<"gradient" | "rate">(({ gradient, rate }) => ({
    values: { rate: tf.neg(rate) },
    updates: learning.map((variable) => update(variable, tf.keep(tf.clone(gradient)), rate)),
  }));
  for (const gradient of [1, -2, 0.5]) {
    await run({
      gradient: { shape: [1], data: Float32Array.of(gradient) },
      rate: { shape: [], data: Float32Array.of(RATE) },
    });
  }
  const values = await engine.read(learning);
  engine.close();
  return Object.fromEntries(learning.map(({ name }, i) => [name, values[i][0]]));
}

/** As PyTorch has it: g ← g + decay · w; v ← momentum · v + g; w ← w − rate · v. */
function expected(lr: number, decay: number): number {
  let w = 2, v = 0;
  for (const gradient of [1, -2, 0.5]) {
    v = MOMENTUM * v + gradient + decay * w;
    w -= lr * v;
  }
  return w;
}

async function isPytorchs(kind: Kind): Promise<void> {
  const { plain, slow, free, own } = await threeSteps(kind);
  assertAlmostEquals(plain, expected(RATE, DECAY), 1e-6);
  assertAlmostEquals(slow, expected(0.1 * RATE, DECAY), 1e-6);
  assertAlmostEquals(free, expected(RATE, 0), 1e-6);
  assertAlmostEquals(own, expected(2 * RATE, 0.3), 1e-6);
}

Deno.test("momentum, weight decay and pace are PyTorch's, op by op", () => isPytorchs("cpu"));
await needs(everything, "momentum, weight decay and pace are PyTorch's, compiled", () => isPytorchs("compiled"));

Deno.test("a velocity is a variable that no optimiser changes, under the name of what it moves", () => {
  const collected = new Map<string, Variable>(), create = variables({ seed: 1, collected });
  const weight = create.in("student").variable("weight", [2, 3], constant(1));
  optimizer(sgd({ epochs: 1, batch: 1, lr: 1 }), [weight], create.in("velocity"));
  const { shape, trainable } = collected.get("velocity.student.weight")!;
  assertEquals([shape, trainable], [[2, 3], false]);
});
