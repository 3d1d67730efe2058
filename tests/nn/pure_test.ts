import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { lossOn } from "../../lib/evaluation/loss_on.ts";
import type { Create, Distiller } from "../../lib/experiment/distiller.ts";
import type { Scorer } from "../../lib/nn/network.ts";
import { randomOf } from "../../lib/kernels/random_uniform.ts";
import { type Layer, module } from "../../lib/nn/layer.ts";
import { passes } from "../../lib/nn/pass.ts";
import { pure } from "../../lib/nn/pure.ts";
import { variables } from "../../lib/nn/variables.ts";
import { Failure } from "../../lib/values/failure.ts";
import { type Kind, open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";

/** Functions that draw random numbers, by their names in the message. */
const RANDOM: Readonly<Record<string, () => unknown>> = {
  "Math.random": () => Math.random(),
  "crypto.getRandomValues": () => crypto.getRandomValues(new Uint8Array(1)),
  "crypto.randomUUID": () => crypto.randomUUID(),
  "tf.randomNormal": () => tf.randomNormal([2]),
  "tf.randomUniform": () => tf.randomUniform([2], 0, 1, "float32", 7),
  "tf.truncatedNormal": () => tf.truncatedNormal([2], 0, 1, "float32", 7),
  "tf.randomGamma": () => tf.randomGamma([2], 1),
  "tf.multinomial": () => tf.multinomial(tf.tensor1d([0.5, 0.5]), 3, 7),
  "tf.dropout": () => tf.dropout(tf.ones([4]), 0.5, undefined, 7),
  "tf.rand": () => tf.rand([2], () => 0.5),
};

Deno.test("pure: every source of random numbers is refused, with a seed too, by name and line", async () => {
  await tf.setBackend("cpu");
  for (const [name, draw] of Object.entries(RANDOM)) {
    const failure = assertThrows(() => pure("step", draw), Failure, name);
    assertEquals(failure.exit, 2);
    assertMatch(failure.message, /`random`.*pure_test\.ts:\d+\)$/);
  }
  assertThrows(() => pure("build", () => Math.random()), Failure, "create.memory");
  assertThrows(() => pure("initialiser", () => Math.random()), Failure, "(size, random)");
});

Deno.test("pure: an op of tfjs with a wrong gradient is refused, with another one to use", async () => {
  await tf.setBackend("cpu");
  const [labels, logits] = [tf.tensor2d([[0, 1]]), tf.tensor2d([[1, 2]])];
  const wrong = () => tf.losses.softmaxCrossEntropy(labels, logits);
  assertThrows(() => pure<unknown>("step", wrong), Failure, "use crossEntropy(logits, target)");
});

Deno.test("pure: a clock is refused, and what is thrown without being an Error is told", () => {
  const clocks = {
    "Date.now": () => Date.now(),
    "performance.now": () => performance.now(),
    "new Date()": () => new Date(),
    "Date()": () => Date(),
  };
  for (const [name, clock] of Object.entries(clocks)) {
    const failure = assertThrows(
      () => pure<unknown>("step", clock),
      Failure,
      `${name} is read once`,
    );
    assertMatch(failure.message, /`epoch` or `step` \(.*pure_test\.ts:\d+\)$/);
  }
  assertEquals(pure("step", () => new Date(5)).getTime(), 5);
  assert(pure("step", () => new Date(5) instanceof Date));
  assert(Date.now() > 0 && performance.now() > 0 && new Date().getTime() > 0);
  for (const thrown of ["words", undefined, { a: 1 }]) {
    const failure = assertThrows(
      () =>
        pure("step", () => {
          throw thrown;
        }),
      Failure,
      `throws ${Deno.inspect(thrown)}, which is no Error`,
    );
    assertEquals(failure.exit, 2);
  }
});

Deno.test("pure: afterwards everything is as before, also after an error", () => {
  const before = [Math.random, crypto.getRandomValues, tf.engine().startScope];
  assertThrows(() => pure("step", () => Math.random()));
  pure("step", () => pure("build", () => 1));
  assertEquals([Math.random, crypto.getRandomValues, tf.engine().startScope], before);
  assert(!Object.hasOwn(crypto, "getRandomValues"));
  assert(Math.random() < 1);
});

Deno.test("pure: an error of the user's code has its line, a Failure stays as it is", () => {
  const failure = assertThrows(
    () => pure("step", () => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3]))),
    Failure,
  );
  assertMatch(failure.message, /matMul.*pure_test\.ts:\d+\)$/);
  const own = new Failure(3, "no data");
  assertEquals(
    assertThrows(() =>
      pure("step", () => {
        throw own;
      })
    ),
    own,
  );
});

Deno.test("pure: a variable that nothing trains is refused", async () => {
  await tf.setBackend("cpu");
  assertThrows(() => pure("step", () => tf.variable(tf.scalar(1))), Failure, "tf.variable");
});

Deno.test("pure: comparisons cut the gradient, and an op without one is named", async () => {
  await tf.setBackend("cpu");
  const gradient = (f: (x: tf.Tensor) => tf.Tensor) =>
    pure("step", () => [...tf.tidy(() => tf.grad(f)(tf.tensor1d([-1, 2, 3])).dataSync())]);
  const rectified = (x: tf.Tensor) => tf.where(tf.greater(x, 0), tf.square(x), tf.mul(x, 0.5));
  assertEquals(gradient(rectified), [0.5, 4, 6]);
  assertEquals(gradient((x) => tf.mul(x, tf.cast(tf.lessEqual(x, 2), "float32"))), [1, 1, 0]);
  const failure = assertThrows(
    () => gradient((x) => tf.cumprod(x)),
    Failure,
    "Cumprod has no grad",
  );
  assertMatch(failure.message, /pure_test\.ts:\d+\)$/);
});

/** A method that calls `step` in its loss and `build` before. */
function own(step: () => void, build: (create: Create) => void = () => {}): Distiller<Scorer> {
  return {
    id: "own",
    options: {},
    build: ({ create }) => {
      build(create);
      return ({ student, task }) => {
        step();
        return { task: [1, task(student), "task"] };
      };
    },
  };
}

const given = { student: { logits: [[1, 2]] }, label: [0] };

await needs(everything, "pure: covers losses on both engines, build and initialisers", async () => {
  const draw = () => tf.dispose(tf.randomNormal([2]));
  for (const backend of ["cpu", "tensorflow"] as const) {
    const run = (method: Distiller<Scorer>) => lossOn(method, { ...given, backend });
    await assertRejects(() => run(own(draw)), Failure, "tf.randomNormal would give every step");
    await assertRejects(() => run(own(() => {}, draw)), Failure, "create.memory");
    const initial = (create: Create) => {
      create.memory("noise", [1], () => Float32Array.of(Math.random()));
    };
    await assertRejects(() => run(own(() => {}, initial)), Failure, "(size, random)");
    await run(own(() => {}));
  }
});

await needs(
  everything,
  "pure: what depends on values is refused while a step is traced",
  async () => {
    const reads: Readonly<Record<string, (x: tf.Tensor) => unknown>> = {
      "a value cannot be read": (x) => x.dataSync(),
      "the shape of UniqueV2's result": (x) => tf.unique(x),
    };
    for (const [message, read] of Object.entries(reads)) {
      const engine = await open("compiled");
      const step = engine.compile<"x">(({ x }) => {
        read(x);
        return { values: { x: tf.add(x, 1) }, updates: [] };
      });
      const failure = await assertRejects(
        () => step({ x: { shape: [2], data: Float32Array.of(1, 1) } }),
        Failure,
        message,
      );
      assertMatch(failure.message, /pure_test\.ts:\d+\)$/);
      engine.close();
    }
  },
);

await needs(
  everything,
  "pure: a layer draws from its pass, other numbers in each step",
  async () => {
    const dropout: Layer = (_, input) =>
      module((x, { random }) => {
        if (!random) return x;
        return tf.mul(x, tf.cast(tf.greater(random.uniform(x.shape), 0.5), "float32"));
      }, input);
    const steps = async (kind: Kind) => {
      const engine = await open(kind);
      const run = engine.compile<"x" | "step">(({ x, step }) => {
        const { live, frozen } = passes(new Set(), undefined, randomOf(1, "step", step));
        const layer = dropout(variables({ seed: 1, collected: new Map() }), [20]);
        const ones = tf.add(x, 0);
        return { values: { live: layer(ones, live), frozen: layer(ones, frozen) }, updates: [] };
      });
      const at = (step: number) =>
        run({
          x: { shape: [1, 20], data: new Float32Array(20).fill(1) },
          step: { shape: [], data: Int32Array.of(step) },
        });
      const values = [await at(0), await at(1), await at(0)];
      engine.close();
      return values;
    };
    const [first, second, again] = await steps("compiled");
    assertEquals(first, again);
    assertNotEquals(first.live, second.live);
    assertEquals(second.frozen, new Float32Array(20).fill(1));
    assertEquals(await steps("cpu"), [first, second, again]);
  },
);
