import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { GraphEngine } from "../../lib/engine/graph_engine.ts";
import { EagerEngine } from "../../lib/engine/eager_engine.ts";
import { Failure } from "../../lib/values/failure.ts";
import { type EngineOptions, openEngine } from "../../lib/engine/open_engine.ts";
import { nativeBackend } from "../../lib/tensorflow/backend.ts";
import { openTensorflow } from "../../lib/tensorflow/open_tensorflow.ts";
import { everything, needs } from "../support/needs.ts";

Deno.test("openEngine: tfjs's own backend runs op by op, needs no permission, and has no TensorFlow", async () => {
  const { engine, tensorflow } = await openEngine({ backend: "cpu" });
  assertInstanceOf(engine, EagerEngine);
  assertEquals([tensorflow, tf.getBackend()], [null, "cpu"]);
});

Deno.test("openEngine: tfjs's own backend has no bfloat16", async () => {
  const { exit, message } = await assertRejects(
    () => openEngine({ backend: "cpu", precision: "bfloat16" }),
    Failure,
  );
  assertEquals([exit, message], [2, "--precision bfloat16 needs --backend tensorflow"]);
});

await needs(
  everything,
  "openEngine: the default is TensorFlow's graph, with the version for the record",
  async () => {
    const { engine, tensorflow } = await openEngine();
    assertInstanceOf(engine, GraphEngine);
    assert(/^\d+\.\d+\.\d+/.test(tensorflow!));
    assertEquals(tf.getBackend(), "tensorflow");
    engine.close();
  },
);

await needs(
  everything,
  "openEngine: a second engine has the first one's binding and its own precision",
  async () => {
    const { engine } = await openEngine();
    const binding = nativeBackend()!.binding;
    const { engine: other } = await openEngine({ backend: "cpu" });
    // What comes to the machine later changes nothing in this process.
    // Other tests run in this process: its environment stays.
    const { get } = Deno.env;
    Deno.env.get = (name) => name === "RETORT_TENSORFLOW" ? "/no/such/folder" : get(name);
    try {
      const { engine: half } = await openEngine({ precision: "bfloat16", deterministic: false });
      assertStrictEquals(nativeBackend()!.binding, binding);
      for (const one of [engine, other, half]) one.close();
    } finally {
      Deno.env.get = get;
    }
  },
);

await needs(
  everything,
  "openEngine: an engine with other threads or another `deterministic` needs its own process",
  async () => {
    (await openEngine()).engine.close();
    const refusalOf = async (options: EngineOptions) => {
      const { exit, message } = await assertRejects(() => openEngine(options), Failure);
      assertEquals(exit, 2);
      return message;
    };
    assertEquals(
      await refusalOf({ threads: 1 }),
      "TensorFlow runs in this process with threads: all, deterministic: false: " +
        "an engine with threads: 1, deterministic: false needs its own process",
    );
    assertMatch(
      await refusalOf({ deterministic: true }),
      /with threads: all, deterministic: true needs/,
    );
  },
);

await needs(
  everything,
  "openTensorflow: without options, TensorFlow is used as the process has it",
  async () => {
    const { engine, tensorflow } = await openEngine();
    assertEquals(await openTensorflow(), tensorflow);
    engine.close();
  },
);
