import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { fileURLToPath } from "node:url";
import { GraphEngine } from "../../lib/engine/graph_engine.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { slkd } from "../../lib/distillers/slkd.ts";
import type { StepFunction } from "../../lib/engine/engine.ts";
import { constant, type Variable, variables } from "../../lib/nn/variables.ts";
import { Session } from "../../lib/tensorflow/session.ts";
import { Failure } from "../../lib/values/failure.ts";
import { useTensorflow } from "../support/engines.ts";
import { fiveSteps } from "../support/five_steps.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";
import { inputs } from "../support/toy.ts";
import { training } from "../support/toy_training.ts";

const floats = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });

/** Variables of one element, with these initial values. */
function scalars(...values: number[]): Variable[] {
  const create = variables({ seed: 1, collected: new Map() });
  return values.map((value, i) => create.variable(`v${i}`, [1], constant(value)));
}

/** Functions that run in their own process, with the module of each. */
const MODULES = {
  memoryGrowth: "../bench/memory.ts",
  memoryLeft: "../bench/memory.ts",
  fiveSteps: "../support/five_steps.ts",
};

/**
 * Runs a function in its own process and returns its result as JSON. In this process other files'
 * tests may run beside it, and every engine has the same threads.
 */
async function runApart(name: keyof typeof MODULES, args: string): Promise<string> {
  const [module, config] = [MODULES[name], "../../deno.json"].map((path) =>
    new URL(path, import.meta.url)
  );
  const code =
    `import { ${name} } from "${module}"; console.log(JSON.stringify(await ${name}(${args})));`;
  const run = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", fileURLToPath(config), code],
  });
  const { success, stdout, stderr } = await run.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, text(stderr));
  return text(stdout);
}

Deno.test("GraphEngine: without TensorFlow's library nothing is compiled", () => {
  assertThrows(() => new GraphEngine(), Error, "TensorFlow's library is not open");
});

await needs(
  everything,
  "GraphEngine: compiles on TensorFlow whichever backend is tfjs's current one",
  async () => {
    await useTensorflow();
    await tf.setBackend("cpu");
    const engine = new GraphEngine();
    const run = engine.compile<"x">(({ x }) => ({ values: { y: tf.square(x) }, updates: [] }));
    const { y } = await run({ x: { shape: [2], data: Float32Array.of(2, 3) } });
    assertEquals([[...y], tf.getBackend()], [[4, 9], "cpu"]);
    engine.close();
  },
);

await needs(everything, "GraphEngine: a closed engine leaves nothing behind", async () => {
  const binding = await useTensorflow();
  const before = tf.memory().numTensors;
  const held = binding.count;
  const engine = new GraphEngine();
  const { step } = await training(engine, slkd());
  await step();
  await step();
  engine.close();
  assertEquals(tf.memory().numTensors, before);
  assertEquals(binding.count, held);
});

await needs(everything, "GraphEngine: two hundred steps do not grow the process", async () => {
  const options = JSON.stringify({ pair: "resnet14-resnet8", batch: 4, warm: 50, steps: 200 });
  const growth: number = JSON.parse(await runApart("memoryGrowth", `${options}, {}`));
  assert(growth < 20, `${growth} MB`);
});

await needs(
  everything,
  "GraphEngine: a closed engine returns its memory to the system",
  async () => {
    const [held, left]: [number, number] = JSON.parse(
      await runApart("memoryLeft", `{ pair: "resnet32x4-resnet8x4", batch: 4 }, {}`),
    );
    assert(left < 0.7 * held, `${left} of ${held} MB`);
  },
);

await needs(
  everything,
  "GraphEngine: a step is traced once for each shape of its inputs",
  async () => {
    await useTensorflow();
    const engine = new GraphEngine();
    const traces: string[] = [];
    const double = engine.compile<"x">(({ x }) => {
      traces.push(`${x.shape} ${x.dtype}`);
      return { values: { twice: tf.mul(x, 2) }, updates: [] };
    });
    assertEquals((await double({ x: floats(1, 2) })).twice, Float32Array.of(2, 4));
    assertEquals((await double({ x: floats(3, 4) })).twice, Float32Array.of(6, 8));
    assertEquals((await double({ x: floats(5) })).twice, Float32Array.of(10));
    assertEquals(
      (await double({ x: { shape: [2], data: Uint8Array.of(200, 7) } })).twice,
      Float32Array.of(400, 14),
    );
    assertEquals(traces, ["2 float32", "1 float32", "2 float32"]);
    engine.close();
  },
);

await needs(
  everything,
  "GraphEngine: updates are simultaneous, and every read gives the value before the step",
  async () => {
    await useTensorflow();
    const engine = new GraphEngine();
    const [a, b] = scalars(1, 2);
    await engine.hold([a, b]);
    const swap = engine.compile<"x">(() => ({
      values: { sum: tf.add(a.value, b.value) },
      updates: [
        { kind: "assign", variable: a, value: tf.add(b.value, 10) },
        { kind: "assign", variable: b, value: tf.clone(a.value) },
      ],
    }));
    for (let i = 0; i < 20; i++) await swap({ x: floats(0) });
    assertEquals((await engine.read([a, b])).map(([x]) => x), [101, 102]);
    await engine.hold([a], new Map([["v0", Float32Array.of(-5)]]));
    assertEquals((await engine.read([b, a])).map(([x]) => x), [102, -5]);
    engine.close();
  },
);

await needs(
  everything,
  "GraphEngine: the last update of a variable counts, and a step may return a value that it writes",
  async () => {
    await useTensorflow();
    const engine = new GraphEngine();
    const [a] = scalars(1);
    await engine.hold([a]);
    const run = engine.compile<"x">(({ x }) => {
      const first = tf.keep(tf.add(a.value, x));
      const second = tf.keep(tf.mul(first, 10));
      return {
        values: { first, second },
        updates: [{ kind: "assign", variable: a, value: first }, {
          kind: "assign",
          variable: a,
          value: second,
        }],
      };
    });
    assertEquals(await run({ x: floats(2) }), {
      first: Float32Array.of(3),
      second: Float32Array.of(30),
    });
    assertEquals(await engine.read([a]), [Float32Array.of(30)]);
    engine.close();
  },
);

await needs(
  everything,
  "GraphEngine: a fixed variable's values are made at first use, once for all steps",
  async () => {
    await useTensorflow();
    const engine = new GraphEngine();
    const made: string[] = [];
    const scope = variables({ seed: 1, collected: new Map(), fixed: true });
    const fixed = (name: string, value: number) =>
      scope.variable(name, [1], (size) => {
        made.push(name);
        return new Float32Array(size).fill(value);
      });
    const [used, unused] = [fixed("used", 3), fixed("unused", 4)];
    await engine.hold([used, unused]);
    assertEquals(made, []);
    for (const factor of [2, 5]) {
      const run = engine.compile<"x">(({ x }) => ({
        values: { y: tf.mul(tf.mul(used.value, x), factor) },
        updates: [],
      }));
      assertEquals((await run({ x: floats(7) })).y, Float32Array.of(21 * factor));
    }
    assertEquals(made, ["used"]);
    assertEquals(await engine.read([unused]), [Float32Array.of(4)]);
    engine.close();
  },
);

await needs(
  everything,
  "GraphEngine: a fixed variable's initialiser may compute with tfjs, although a step is traced",
  async () => {
    await useTensorflow();
    const engine = new GraphEngine();
    const scope = variables({ seed: 1, collected: new Map(), fixed: true });
    const fixed = scope.variable(
      "fixed",
      [2],
      (size) => tf.tidy(() => tf.fill([size], 3).square().dataSync() as Float32Array),
    );
    await engine.hold([fixed]);
    const run = engine.compile<"x">(({ x }) => ({
      values: { slope: tf.grad((x) => tf.sum(tf.mul(x, fixed.value)))(x) },
      updates: [],
    }));
    assertEquals((await run({ x: floats(7, 8) })).slope, Float32Array.of(9, 9));
    engine.close();
  },
);

await needs(
  everything,
  "GraphEngine: a fixed variable is a constant that can be read",
  async () => {
    await useTensorflow();
    const engine = new GraphEngine();
    const fixed = variables({ seed: 1, collected: new Map(), fixed: true }).variable(
      "w",
      [2],
      constant(3),
    );
    await engine.hold([fixed]);
    const run = engine.compile<"x">(({ x }) => ({
      values: { y: tf.mul(fixed.value, x) },
      updates: [],
    }));
    assertEquals((await run({ x: floats(2, 5) })).y, Float32Array.of(6, 15));
    assertEquals(await engine.read([fixed]), [Float32Array.of(3, 3)]);
    assertEquals(await engine.read([]), []);
    engine.close();
  },
);

await needs(
  everything,
  "GraphEngine: an op that does not fit is an error with its inputs' shapes and the calling line",
  async () => {
    await useTensorflow();
    const engine = new GraphEngine();
    const before = tf.memory().numTensors;
    const wrong: StepFunction<"x"> = ({ x }) => {
      const product = tf.matMul(tf.reshape(x, [4, 2]) as tf.Tensor2D, tf.zeros([3, 2]));
      return { values: { product }, updates: [] };
    };
    const { message, stack } = await assertRejects(
      () => engine.compile(wrong)({ x: floats(1, 2, 3, 4, 5, 6, 7, 8) }),
      Error,
    );
    assertMatch(message, /MatMul.*\(\[4,2\] \[3,2\]\)/);
    assert(stack!.includes("graph_engine_test.ts"), stack);
    const right = engine.compile<"x">(({ x }) => ({ values: { y: tf.neg(x) }, updates: [] }));
    assertEquals((await right({ x: floats(1) })).y, Float32Array.of(-1));
    assertEquals(tf.memory().numTensors, before);
    engine.close();
  },
);

await needs(
  everything,
  "GraphEngine: an op that fails while the graph runs is an error whose cause has the calling line",
  async () => {
    await useTensorflow();
    const engine = new GraphEngine();
    const pick = engine.compile<"x" | "at">(({ x, at }) => ({
      values: { y: tf.gather(x, at, 0) },
      updates: [],
    }));
    const at = (...data: number[]) => ({ shape: [1], data: Int32Array.from(data) });
    const error = await assertRejects(() => pick({ x: floats(5, 6, 7), at: at(9) }), Error);
    assertMatch(error.message, /running the step: indices\[0\] = 9 is not in \[0, 3\)/);
    const cause = error.cause as Error;
    assertEquals(cause.message, "GatherV2([3] [1] [])");
    assert(cause.stack!.includes("graph_engine_test.ts"), cause.stack);
    assertEquals((await pick({ x: floats(5, 6, 7), at: at(2) })).y, Float32Array.of(7));
    engine.close();
  },
);

await needs(
  everything,
  "GraphEngine: data of another size than their shape are refused, and nothing is lost",
  async () => {
    await useTensorflow();
    const engine = new GraphEngine();
    const run = engine.compile<"x">(({ x }) => ({ values: { y: tf.neg(x) }, updates: [] }));
    const wrong = { x: { shape: [3], data: Float32Array.of(1, 2) } };
    await assertRejects(() => run(wrong), Error, "a tensor of shape [3] takes 12 bytes, not 8");
    assertEquals((await run({ x: floats(1, 2, 3) })).y, Float32Array.of(-1, -2, -3));
    const [a] = scalars(1);
    const values = new Map([["v0", Float32Array.of(1, 2)]]);
    await assertRejects(
      () => engine.hold([a], values),
      Error,
      "a tensor of shape [1] takes 4 bytes, not 8",
    );
    engine.close();
  },
);

await needs(everything, "GraphEngine: tensors neither enter nor leave a step", async () => {
  await useTensorflow();
  const engine = new GraphEngine();
  const outside = tf.neg(tf.tensor1d([1]));
  const escaped: tf.Tensor[] = [];
  const using = engine.compile<"x">(({ x }) => ({
    values: { y: tf.add(x, outside) },
    updates: [],
  }));
  await assertRejects(() => using({ x: floats(1) }), Error, "a tensor from outside of the step");
  const leaking = engine.compile<"x">(({ x }) => {
    escaped.push(tf.keep(tf.neg(x)));
    return { values: { y: tf.neg(x) }, updates: [] };
  });
  await leaking({ x: floats(1) });
  assertThrows(() => escaped[0].dataSync(), Error, "created while a step was traced");
  assertEquals(outside.dataSync(), Float32Array.of(-1));
  escaped[0].dispose();
  outside.dispose();
  engine.close();
});

await needs(
  everything,
  "GraphEngine: a constant from outside never becomes another graph's node",
  async () => {
    await useTensorflow();
    // Nothing has used it: it gets its place in the graph that is traced first.
    const outside = tf.tensor1d([10]);
    const add = (engine: GraphEngine) =>
      engine.compile<"x">(({ x }) => ({ values: { y: tf.add(tf.neg(x), outside) }, updates: [] }));
    const [first, second] = [new GraphEngine(), new GraphEngine()];
    assertEquals((await add(first)({ x: floats(1) })).y, Float32Array.of(9));
    await assertRejects(() => add(second)({ x: floats(1) }), Error, "a tensor from outside of the");
    outside.dispose();
    first.close();
    second.close();
  },
);

await needs(everything, "GraphEngine: a variable has no value between steps", async () => {
  await useTensorflow();
  const engine = new GraphEngine();
  const { run, collected } = await training(engine, kd());
  await run(inputs(0));
  for (const variable of collected.values()) {
    assertThrows(() => variable.value, Error, "has no value here");
  }
  engine.close();
});

await needs(
  everything,
  "GraphEngine: deterministic runs are equal bit for bit, in two processes",
  async () => {
    const [first, second] = [
      await runApart("fiveSteps", "{ deterministic: true }"),
      await runApart("fiveSteps", "{ deterministic: true }"),
    ];
    assertEquals(first, second);
  },
);

await needs(
  everything,
  "GraphEngine: bfloat16 stays near float32, and one thread computes the same",
  async () => {
    const full = await fiveSteps({});
    const half = await fiveSteps({ precision: "bfloat16" });
    const single: typeof full = JSON.parse(await runApart("fiveSteps", "{ threads: 1 }"));
    assertNear("one thread", single.losses, full.losses, 1e-3);
    assertNear("bfloat16", half.losses, full.losses, 5e-2);
    assert(half.weights.some((weight, i) => weight !== full.weights[i]), "bfloat16 is used at all");
  },
);

await needs(
  everything,
  "GraphEngine: when a worker of its cluster is lost, every run rejects with the reason",
  async () => {
    await useTensorflow();
    const lost = new AbortController();
    const engine = new GraphEngine({}, undefined, lost.signal);
    const [variable] = scalars(3);
    await engine.hold([variable]);
    const step = engine.compile(() => ({
      values: { double: tf.keep(tf.mul(variable.value, 2)) },
      updates: [],
    }));
    assertEquals(await step({}), { double: Float32Array.of(6) });
    lost.abort(new Failure(1, "worker 1 has ended"));
    for (const run of [() => step({}), () => engine.read([variable])]) {
      const { exit } = await assertRejects(run, Failure, "worker 1 has ended");
      assertEquals(exit, 1);
    }
    engine.close();
  },
);

await needs(
  everything,
  "GraphEngine: workers that have lost each other are told with TensorFlow's own line and the way out",
  async () => {
    await useTensorflow();
    const { prepare } = Session.prototype;
    const line = "TensorFlow: running the step: Collective ops is aborted by: connection reset";
    try {
      for (const message of [line, `2 root errors found.\n  ${line}\nHint: none`]) {
        Session.prototype.prepare = () => () => Promise.reject(new Error(message));
        const engine = new GraphEngine({}, undefined, new AbortController().signal);
        const failure = await assertRejects(() => engine.read([]), Failure);
        assertEquals([failure.exit, failure.message], [
          1,
          `the workers have lost each other: ${line}; start all workers again, without --fresh, ` +
          "and the run goes on from its last save",
        ]);
        engine.close();
      }
    } finally {
      Session.prototype.prepare = prepare;
    }
  },
);
