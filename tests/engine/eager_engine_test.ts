import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { scratch } from "../../lib/distillers/scratch.ts";
import { slkd } from "../../lib/distillers/slkd.ts";
import { EagerEngine } from "../../lib/engine/eager_engine.ts";
import { constant, variables } from "../../lib/nn/variables.ts";
import { open, useTensorflow } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { inputs } from "../support/toy.ts";
import { training } from "../support/toy_training.ts";

const input = (...data: number[]) => ({
  x: { shape: [data.length], data: Float32Array.from(data) },
});

await needs(
  everything,
  "EagerEngine: over TensorFlow, a closed engine leaves nothing behind",
  async () => {
    const binding = await useTensorflow();
    const before = tf.memory().numTensors;
    const held = binding.count;
    const engine = new EagerEngine();
    const { step } = await training(engine, slkd());
    await step();
    const during = tf.memory().numTensors;
    await step();
    assertEquals(tf.memory().numTensors, during, "a step leaves no tensor behind");
    engine.close();
    assertEquals(tf.memory().numTensors, before);
    assertEquals(binding.count, held);
  },
);

Deno.test("EagerEngine: variables are held, changed, read and released", async () => {
  await tf.setBackend("cpu");
  const engine = new EagerEngine();
  const before = tf.memory().numTensors;
  const create = variables({ seed: 1, collected: new Map() });
  const a = create.variable("a", [2], constant(1));
  const b = create.variable("b", [1], constant(2));
  await engine.hold([a, b], new Map([["a", Float32Array.of(3, 4)]]));
  const run = engine.compile<"x">(({ x }) => ({
    values: { sum: tf.sum(a.value) },
    updates: [
      { kind: "assign", variable: a, value: tf.mul(a.value, x) },
      { kind: "assign", variable: b, value: tf.sum(a.value, 0, true) },
    ],
  }));
  assertEquals(await run(input(2, 3)), { sum: Float32Array.of(7) });
  assertEquals(await engine.read([a, b]), [Float32Array.of(6, 12), Float32Array.of(7)]);
  await engine.hold([b], new Map([["b", Float32Array.of(9)]]));
  assertEquals(await engine.read([b]), [Float32Array.of(9)]);
  engine.close();
  assertThrows(() => a.value, Error, "variable a has no value here");
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("EagerEngine: bytes become float32, integers stay integers", async () => {
  await tf.setBackend("cpu");
  const types: string[] = [];
  const run = new EagerEngine().compile<"bytes" | "whole">(({ bytes, whole }) => {
    types.push(bytes.dtype, whole.dtype);
    return { values: { bytes: tf.clone(bytes) }, updates: [] };
  });
  const batch = {
    bytes: { shape: [2], data: Uint8Array.of(0, 255) },
    whole: { shape: [1], data: Int32Array.of(7) },
  };
  assertEquals(await run(batch), { bytes: Float32Array.of(0, 255) });
  assertEquals(types, ["float32", "int32"]);
});

Deno.test("EagerEngine: overlapping runs give the same as consecutive ones", async () => {
  const separate: Float32Array[] = [];
  const engine = await open("cpu");
  const { run } = await training(engine, scratch(), { teacher: undefined });
  for (const step of [0, 1]) separate.push((await run(inputs(step, 0))).loss);
  const together = await Promise.all([0, 1].map((step) => run(inputs(step, 0))));
  assertEquals(together.map(({ loss }) => loss), separate);
  engine.close();
});

Deno.test("EagerEngine: a failing step rejects and changes nothing, and the next one works", async () => {
  await tf.setBackend("cpu");
  const engine = new EagerEngine();
  const before = tf.memory().numTensors;
  const a = variables({ seed: 1, collected: new Map() }).variable("a", [1], constant(1));
  await engine.hold([a]);
  const run = engine.compile<"x">(({ x }) => ({
    values: { y: tf.matMul(tf.reshape(x, [1, 2]), tf.zeros([x.dataSync()[0], 1])) },
    updates: [{ kind: "assign", variable: a, value: tf.add(a.value, 1) }],
  }));
  await assertRejects(() => run(input(3, 0)), Error, "matMul");
  assertEquals((await engine.read([a]))[0][0], 1);
  await run(input(2, 0));
  assertEquals((await engine.read([a]))[0][0], 2);
  engine.close();
  assertEquals(tf.memory().numTensors, before);
});
