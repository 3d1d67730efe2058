import util from "node:util";
import * as tf from "@tensorflow/tfjs";
import type { TFJSBinding } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.d.ts";
import { Attr, type Binding, DataType, typeAttribute } from "./binding.ts";
import { cApi } from "./c_api.ts";
import type { Graph } from "./graph.ts";

/** A tensor of tfjs. */
export type TfjsTensor = tf.Tensor;

/** Part of tfjs-node's backend that Retort's own kernels call. */
export interface NativeBackend {
  /** Receiver of ops: the eager binding, or the graph that is being traced. */
  binding: Binding;
  /** Returns the number of each tensor's native counterpart. */
  getInputTensorIds(tensors: TfjsTensor[]): number[];
  /** Creates a tfjs tensor for a native one. */
  createOutputTensor(metadata: { id: number; shape: number[]; dtype: number }): TfjsTensor;
}

let native: NativeBackend | undefined;
let eager: ReturnType<typeof asNative> | undefined;

/**
 * Registers tfjs-node's kernels over `binding` as tfjs's backend `tensorflow` and makes it the
 * current backend. Later calls only change the binding.
 */
export async function useBackend(binding: Binding): Promise<NativeBackend> {
  eager = asNative(binding);
  if (!native) {
    // tfjs-node calls a function that Node.js has removed.
    const old = util as { isNullOrUndefined?: (value: unknown) => boolean };
    old.isNullOrUndefined ??= (value) => value === null || value === undefined;
    const { NodeJSKernelBackend } = await import(
      "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js"
    );
    await import("@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js");
    const backend = new NodeJSKernelBackend(eager, "@tensorflow/tfjs-node-gpu");
    tf.registerBackend("tensorflow", () => backend, 3);
    native = backend as unknown as NativeBackend;
    replaceGather("tensorflow", native);
  }
  native.binding = eager;
  await tf.setBackend("tensorflow");
  return native;
}

/** tfjs-node's backend, whichever is the current one. `undefined` before `useBackend`. */
export function registeredBackend(): NativeBackend | undefined {
  return native;
}

/**
 * Returns tfjs-node's backend if it is the current one. `undefined` on tfjs's own `cpu` backend and
 * inside `withTwins`.
 */
export function nativeBackend(): NativeBackend | undefined {
  return tf.getBackend() === "tensorflow" && !isPortable ? native : undefined;
}

let isPortable = false;

/**
 * Runs `body` with the twin of each of Retort's own kernels, so that a graph traced meanwhile has
 * only ops that tfjs knows too.
 */
export function withTwins<T>(body: () => T): T {
  isPortable = true;
  try {
    return body();
  } finally {
    isPortable = false;
  }
}

/** Runs `body` and adds every op to `graph` instead of running it. */
export function traceInto<T>(graph: Graph, body: () => T): T {
  return withBinding(asNative(graph), body);
}

/** Runs `body`, part of what is traced, outside of the trace: every op runs at once. */
export function outsideTrace<T>(body: () => T): T {
  return withBinding(eager!, body);
}

function withBinding<T>(binding: NativeBackend["binding"], body: () => T): T {
  const before = native!.binding;
  native!.binding = binding;
  try {
    return withBackend("tensorflow", body);
  } finally {
    native!.binding = before;
  }
}

/**
 * Runs `body` with a registered backend as tfjs's current one. Another engine of the process may
 * have made its own the current one.
 */
export function withBackend<T>(name: string, body: () => T): T {
  const before = tf.getBackend();
  if (before === name) return body();
  // tfjs changes to a registered backend at once, before its promise.
  void tf.setBackend(name);
  try {
    return body();
  } finally {
    void tf.setBackend(before);
  }
}

/** Adds the constants that tfjs-node's kernels read from their binding. */
function asNative(binding: Binding): Binding & TFJSBinding {
  const constants = {
    TF_FLOAT: DataType.float32,
    TF_INT32: DataType.int32,
    TF_INT64: DataType.int64,
    TF_BOOL: DataType.bool,
    TF_COMPLEX64: DataType.complex64,
    TF_STRING: DataType.string,
    TF_RESOURCE: DataType.resource,
    TF_UINT8: DataType.uint8,
    TF_ATTR_STRING: Attr.string,
    TF_ATTR_INT: Attr.int,
    TF_ATTR_FLOAT: Attr.float,
    TF_ATTR_BOOL: Attr.bool,
    TF_ATTR_TYPE: Attr.type,
    TF_ATTR_SHAPE: Attr.shape,
    TF_ATTR_RESOURCE: Attr.resource,
    TF_Version: new Deno.UnsafePointerView(cApi().TF_Version()!).getCString(),
    isUsingGpuDevice: () => false,
  };
  return Object.assign(binding, constants) as unknown as Binding & TFJSBinding;
}

/**
 * Registers `tf.gather` for a backend. tfjs-node's own kernel reads the indices to check them, and
 * a step that is traced has no values. TensorFlow checks them as well.
 */
function replaceGather(backendName: string, backend: NativeBackend): void {
  tf.unregisterKernel(tf.GatherV2, backendName);
  tf.registerKernel({
    kernelName: tf.GatherV2,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { int32 } = DataType;
      const [x, indices] = [inputs.x, inputs.indices] as TfjsTensor[];
      const axis = tf.scalar(Number(attrs!.axis), "int32");
      const attributes = [
        typeAttribute("Tparams", DataType[x.dtype as "float32" | "int32" | "bool"]),
        typeAttribute("Tindices", int32),
        typeAttribute("Taxis", int32),
        { name: "batch_dims", type: Attr.int, value: Number(attrs!.batchDims) },
      ];
      const ids = backend.getInputTensorIds([x, indices, axis]);
      const [slices] = backend.binding.executeOp("GatherV2", attributes, ids, 1);
      axis.dispose();
      return backend.createOutputTensor(slices);
    },
  });
}
