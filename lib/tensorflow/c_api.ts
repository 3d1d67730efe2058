import { Failure, messageOf } from "../values/failure.ts";
import { DataType } from "./binding.ts";
import type { LibraryFiles } from "./library/layout.ts";
import { loadTensorflow } from "./library/load.ts";
import { waysOut } from "./library/ways_out.ts";

/** `TF_Output`: an operation and the index of one of its outputs, sixteen bytes passed by value. */
const output = { struct: ["pointer", "i32"] } as const;

/** C functions that Retort calls, with their signatures. */
export const symbols = {
  TF_Version: { parameters: [], result: "pointer" },
  TF_NewStatus: { parameters: [], result: "pointer" },
  TF_DeleteStatus: { parameters: ["pointer"], result: "void" },
  TF_GetCode: { parameters: ["pointer"], result: "i32" },
  TF_Message: { parameters: ["pointer"], result: "pointer" },
  TF_NewBuffer: { parameters: [], result: "pointer" },
  TF_DeleteBuffer: { parameters: ["pointer"], result: "void" },

  TF_AllocateTensor: { parameters: ["i32", "buffer", "i32", "usize"], result: "pointer" },
  TF_DeleteTensor: { parameters: ["pointer"], result: "void" },
  TF_TensorType: { parameters: ["pointer"], result: "i32" },
  TF_TensorByteSize: { parameters: ["pointer"], result: "usize" },
  TF_TensorData: { parameters: ["pointer"], result: "pointer" },

  TF_NewGraph: { parameters: [], result: "pointer" },
  TF_DeleteGraph: { parameters: ["pointer"], result: "void" },
  TF_NewOperation: { parameters: ["pointer", "buffer", "buffer"], result: "pointer" },
  TF_FinishOperation: { parameters: ["pointer", "pointer"], result: "pointer" },
  TF_AddInput: { parameters: ["pointer", output], result: "void" },
  TF_AddInputList: { parameters: ["pointer", "buffer", "i32"], result: "void" },
  TF_AddControlInput: { parameters: ["pointer", "pointer"], result: "void" },
  TF_SetAttrString: { parameters: ["pointer", "buffer", "buffer", "usize"], result: "void" },
  TF_SetAttrInt: { parameters: ["pointer", "buffer", "i64"], result: "void" },
  TF_SetAttrIntList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" },
  TF_SetAttrFloat: { parameters: ["pointer", "buffer", "f32"], result: "void" },
  TF_SetAttrBool: { parameters: ["pointer", "buffer", "u8"], result: "void" },
  TF_SetAttrType: { parameters: ["pointer", "buffer", "i32"], result: "void" },
  TF_SetAttrShape: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" },
  TF_SetAttrTensor: { parameters: ["pointer", "buffer", "pointer", "pointer"], result: "void" },
  TF_OperationOutputType: { parameters: [output], result: "i32" },
  TF_GraphGetTensorNumDims: { parameters: ["pointer", output, "pointer"], result: "i32" },
  TF_GraphGetTensorShape: {
    parameters: ["pointer", output, "buffer", "i32", "pointer"],
    result: "void",
  },
  TF_GraphToGraphDef: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  TF_OperationName: { parameters: ["pointer"], result: "pointer" },

  TF_NewSessionOptions: { parameters: [], result: "pointer" },
  TF_SetConfig: { parameters: ["pointer", "buffer", "usize", "pointer"], result: "void" },
  TF_SetTarget: { parameters: ["pointer", "buffer"], result: "void" },
  TF_DeleteSessionOptions: { parameters: ["pointer"], result: "void" },
  TF_NewSession: { parameters: ["pointer", "pointer", "pointer"], result: "pointer" },
  TF_CloseSession: { parameters: ["pointer", "pointer"], result: "void" },
  TF_DeleteSession: { parameters: ["pointer", "pointer"], result: "void" },
  TF_SessionListDevices: { parameters: ["pointer", "pointer"], result: "pointer" },
  TF_DeleteDeviceList: { parameters: ["pointer"], result: "void" },
  TF_DeviceListCount: { parameters: ["pointer"], result: "i32" },
  TF_DeviceListName: { parameters: ["pointer", "i32", "pointer"], result: "pointer" },
  TF_DeviceListType: { parameters: ["pointer", "i32", "pointer"], result: "pointer" },
  TF_SessionRun: {
    parameters: [
      "pointer",
      "buffer",
      "buffer",
      "buffer",
      "i32",
      "buffer",
      "buffer",
      "i32",
      "buffer",
      "i32",
      "pointer",
      "pointer",
    ],
    result: "void",
    nonblocking: true,
  },

  TF_NewServer: { parameters: ["buffer", "usize", "pointer"], result: "pointer" },
  TF_ServerStart: { parameters: ["pointer", "pointer"], result: "void" },
  TF_ServerTarget: { parameters: ["pointer"], result: "pointer" },

  TFE_NewContextOptions: { parameters: [], result: "pointer" },
  TFE_ContextOptionsSetConfig: {
    parameters: ["pointer", "buffer", "usize", "pointer"],
    result: "void",
  },
  TFE_DeleteContextOptions: { parameters: ["pointer"], result: "void" },
  TFE_NewContext: { parameters: ["pointer", "pointer"], result: "pointer" },
  TFE_NewOp: { parameters: ["pointer", "buffer", "pointer"], result: "pointer" },
  TFE_DeleteOp: { parameters: ["pointer"], result: "void" },
  TFE_OpAddInput: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  TFE_OpSetAttrString: { parameters: ["pointer", "buffer", "buffer", "usize"], result: "void" },
  TFE_OpSetAttrInt: { parameters: ["pointer", "buffer", "i64"], result: "void" },
  TFE_OpSetAttrIntList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" },
  TFE_OpSetAttrFloat: { parameters: ["pointer", "buffer", "f32"], result: "void" },
  TFE_OpSetAttrBool: { parameters: ["pointer", "buffer", "u8"], result: "void" },
  TFE_OpSetAttrType: { parameters: ["pointer", "buffer", "i32"], result: "void" },
  TFE_OpSetAttrShape: {
    parameters: ["pointer", "buffer", "buffer", "i32", "pointer"],
    result: "void",
  },
  TFE_Execute: { parameters: ["pointer", "buffer", "buffer", "pointer"], result: "void" },
  TFE_NewTensorHandle: { parameters: ["pointer", "pointer"], result: "pointer" },
  TFE_DeleteTensorHandle: { parameters: ["pointer"], result: "void" },
  TFE_TensorHandleDataType: { parameters: ["pointer"], result: "i32" },
  TFE_TensorHandleNumDims: { parameters: ["pointer", "pointer"], result: "i32" },
  TFE_TensorHandleDim: { parameters: ["pointer", "i32", "pointer"], result: "i64" },
  TFE_TensorHandleResolve: { parameters: ["pointer", "pointer"], result: "pointer" },

  // From the system's C library, if that is glibc.
  malloc_trim: { parameters: ["usize"], result: "i32", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

/** TensorFlow's C functions, without wrappers. */
export type CApi = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** Address inside the library, never null. */
export type Pointer = Deno.PointerObject;

/** Bytes per element of the numeric types. */
const bytesOf: Readonly<Record<number, number>> = {
  [DataType.float32]: 4,
  [DataType.int32]: 4,
  [DataType.uint8]: 1,
  [DataType.complex64]: 8,
  [DataType.int64]: 8,
  [DataType.bool]: 1,
};

let opened: CApi | undefined;

/**
 * Opens TensorFlow's C library once for the whole process. Throws a `Failure` (exit 3) if the files
 * are not a TensorFlow library or lack a function that Retort calls, or if the process has loaded
 * another library.
 */
export function openCApi(library: LibraryFiles): CApi {
  loadTensorflow(library);
  try {
    return opened ??= Deno.dlopen(library.cc, symbols).symbols;
  } catch (error) {
    const why = messageOf(error);
    throw new Failure(3, `${library.cc} lacks a function that Retort calls: ${why}\n${waysOut()}`);
  }
}

/** Opens, in a worker thread, the main library at a path that another thread has opened. */
export function joinCApi(cc: string): CApi {
  return opened ??= Deno.dlopen(cc, symbols).symbols;
}

/** Returns the open library. Throws if this thread has not opened it. */
export function cApi(): CApi {
  if (!opened) throw new Error("TensorFlow's library is not open");
  return opened;
}

const encoder = new TextEncoder();
const names = new Map<string, Uint8Array<ArrayBuffer>>();

/**
 * Encodes a text for C: UTF-8 with a terminating zero. Caches the result, since the same few
 * hundred names recur.
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  let bytes = names.get(text);
  if (!bytes) names.set(text, bytes = encoder.encode(text + "\0"));
  return bytes;
}

/** Throws a status's message, after the name of the attempted action, unless the status is OK. */
export function check(status: Pointer, action: () => string): void {
  const api = cApi();
  if (api.TF_GetCode(status) === 0) return;
  const message = new Deno.UnsafePointerView(api.TF_Message(status)!).getCString();
  throw deepError(`TensorFlow: ${action()}: ${message}`);
}

/**
 * Creates an error whose stack reaches the line that called a tfjs op: tfjs adds a dozen frames in
 * between, V8 shows ten.
 */
export function deepError(message: string, options?: ErrorOptions): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const error = new Error(message, options);
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

/** Runs `body` with a new status, throws its error, if any, and releases it. */
export function withStatus<T>(action: () => string, body: (status: Pointer) => T): T {
  const api = cApi();
  const status = api.TF_NewStatus()!;
  try {
    const result = body(status);
    check(status, action);
    return result;
  } finally {
    api.TF_DeleteStatus(status);
  }
}

/** Creates a `TF_Tensor` with a copy of these elements. The caller deletes it. */
export function newTensor(type: number, shape: readonly number[], data: ArrayBufferView): Pointer {
  const api = cApi();
  const size = shape.reduce((a, b) => a * b, 1) * bytesOf[type];
  if (size !== data.byteLength) {
    throw new Error(`a tensor of shape [${shape}] takes ${size} bytes, not ${data.byteLength}`);
  }
  const tensor = api.TF_AllocateTensor(
    type,
    BigInt64Array.from(shape, BigInt),
    shape.length,
    BigInt(size),
  )!;
  if (size > 0) {
    new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(api.TF_TensorData(tensor)!, size))
      .set(new Uint8Array(data.buffer, data.byteOffset, size));
  }
  return tensor;
}

/**
 * Creates a scalar `TF_Tensor` of a string that is these bytes, not a copy: they have to stay as
 * long as it is used. The caller deletes it.
 */
export function newString(bytes: Uint8Array<ArrayBuffer>): Pointer {
  const api = cApi();
  const tensor = api.TF_AllocateTensor(DataType.string, new BigInt64Array(), 0, BigInt(STRING))!;
  const string = Deno.UnsafePointerView.getArrayBuffer(api.TF_TensorData(tensor)!, STRING);
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
  // A `TF_TString_View`: its size, with its kind in the lowest two bits, and where the bytes are.
  new BigUint64Array(string).set([BigInt(bytes.length) << 2n | VIEW, address, 0n]);
  return tensor;
}

/** Bytes of a `TF_TString`. */
const STRING = 24;

/** The kind `TF_TSTR_VIEW`. */
const VIEW = 3n;

/** Copies a `TF_Tensor`'s elements into the array that tfjs expects for its type. */
export function tensorData(tensor: Pointer): Float32Array | Int32Array | Uint8Array {
  const api = cApi();
  const type = api.TF_TensorType(tensor);
  const size = Number(api.TF_TensorByteSize(tensor));
  const bytes = new Uint8Array(size);
  if (size > 0) {
    bytes.set(
      new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(api.TF_TensorData(tensor)!, size)),
    );
  }
  switch (type) {
    case DataType.float32:
      return new Float32Array(bytes.buffer);
    case DataType.int32:
      return new Int32Array(bytes.buffer);
    case DataType.int64:
      return Int32Array.from(new BigInt64Array(bytes.buffer), Number);
    case DataType.bool:
    case DataType.uint8:
      return bytes;
    default:
      throw new Error(`TensorFlow's element type ${type} cannot be read`);
  }
}

/** Copies the contents of a `TF_Buffer` (data, length, deallocator). */
export function bufferBytes(buffer: Pointer): Uint8Array<ArrayBuffer> {
  const view = new Deno.UnsafePointerView(buffer);
  const data = view.getPointer(0);
  const length = Number(view.getBigUint64(8));
  return data
    ? new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(data, length).slice(0))
    : new Uint8Array();
}
