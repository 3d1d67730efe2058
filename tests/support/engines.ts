/** The engines that tests compare. */
import * as tf from "@tensorflow/tfjs";
import { EagerEngine } from "../../lib/engine/eager_engine.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import { openEngine } from "../../lib/engine/open_engine.ts";
import { useBackend } from "../../lib/tensorflow/backend.ts";
import { openCApi } from "../../lib/tensorflow/c_api.ts";
import { EagerBinding } from "../../lib/tensorflow/eager_binding.ts";
import { findLibrary } from "../../lib/tensorflow/library/find.ts";

/** tfjs's own backend, TensorFlow op by op, and TensorFlow's graph. */
export type Kind = "cpu" | "eager" | "compiled";

let binding: EagerBinding | undefined;

/** Makes TensorFlow the current backend. All tests of a file share one eager binding. */
export async function useTensorflow(): Promise<EagerBinding> {
  if (!binding) {
    openCApi(await findLibrary());
    binding = new EagerBinding();
  }
  await useBackend(binding);
  return binding;
}

/** Opens an engine and makes its backend the current one. */
export async function open(kind: Kind): Promise<Engine> {
  if (kind !== "eager") {
    return (await openEngine({ backend: kind === "cpu" ? "cpu" : "tensorflow" })).engine;
  }
  await useTensorflow();
  return new EagerEngine();
}

/** Runs `compute` on TensorFlow, op by op, and on tfjs's own backend. Returns arrays. */
export async function onBoth(
  compute: () => tf.Tensor[],
): Promise<{ native: Float32Array[]; twin: Float32Array[] }> {
  const arrays = () =>
    tf.tidy(compute).map((tensor) => {
      const data = Float32Array.from(tensor.dataSync());
      tensor.dispose();
      return data;
    });
  await useTensorflow();
  const native = arrays();
  await tf.setBackend("cpu");
  return { native, twin: arrays() };
}
