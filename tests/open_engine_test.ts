import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { Compiler } from "../lib/compile.ts";
import { EagerEngine } from "../lib/eager.ts";
import { Failure } from "../lib/failure.ts";
import { openEngine } from "../lib/open_engine.ts";
import { everything, needs } from "./needs.ts";

Deno.test("tfjs's own backend runs op by op, needs no permission, and has no TensorFlow", async () => {
  const { engine, tensorflow } = await openEngine({ backend: "cpu" });
  assertInstanceOf(engine, EagerEngine);
  assertEquals([tensorflow, tf.getBackend()], [null, "cpu"]);
});

Deno.test("tfjs's own backend has no bfloat16", async () => {
  const { exit, message } = await assertRejects(() => openEngine({ backend: "cpu", precision: "bfloat16" }), Failure);
  assertEquals([exit, message], [2, "--precision bfloat16 needs --backend tensorflow"]);
});

await needs(everything, "the default is TensorFlow's graph, with the version for the record", async () => {
  const { engine, tensorflow } = await openEngine();
  assertInstanceOf(engine, Compiler);
  assert(/^\d+\.\d+\.\d+/.test(tensorflow!));
  assertEquals(tf.getBackend(), "tensorflow");
  engine.close();
});
