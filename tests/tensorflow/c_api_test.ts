import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  cApi,
  configProto,
  cString,
  DataType,
  newTensor,
  openCApi,
  tensorData,
  withStatus,
} from "../../lib/tensorflow/c_api.ts";
import { findLibrary } from "../../lib/tensorflow/library.ts";
import { everything, needs } from "../needs.ts";

Deno.test("the library is asked for before it is used", () => {
  assertThrows(() => cApi(), Error, "TensorFlow's library is not open");
});

Deno.test("a configuration is ConfigProto's bytes", () => {
  const bytes = (config: Parameters<typeof configProto>[0]) => [...configProto(config)];
  assertEquals(bytes({}), []);
  // Field 2 intra_op_parallelism_threads, field 5 inter_op_parallelism_threads.
  assertEquals(bytes({ threads: 4 }), [0x10, 4, 0x28, 4]);
  assertEquals(bytes({ threads: 300 }), [0x10, 0xac, 0x02, 0x28, 0xac, 0x02]);
  assertEquals(bytes({ deterministic: true }), [0x28, 1]);
  assertEquals(bytes({ threads: 4, deterministic: true }), [0x10, 4, 0x28, 1]);
  // Field 10 graph_options, 10 rewrite_options, 31 auto_mixed_precision_onednn_bfloat16 = ON.
  assertEquals(bytes({ bfloat16: true }), [0x52, 5, 0x52, 3, 0xf8, 1, 1]);
});

Deno.test("names are UTF-8 with a zero behind, made once", () => {
  assertEquals([...cString("Añ")], [0x41, 0xc3, 0xb1, 0]);
  assertEquals(cString("Conv2D") === cString("Conv2D"), true);
});

await needs(everything, "tensors keep their elements, of every type that steps use", async () => {
  openCApi(await findLibrary());
  const { float32, int32, int64, uint8, bool } = DataType;
  const cases: [number, number[], ArrayBufferView, ArrayLike<number>][] = [
    [float32, [2, 2], Float32Array.of(1.5, -2, NaN, Infinity), Float32Array.of(1.5, -2, NaN, Infinity)],
    [int32, [3], Int32Array.of(1, -2, 2 ** 31 - 1), Int32Array.of(1, -2, 2 ** 31 - 1)],
    [int64, [2], BigInt64Array.of(5n, -7n), Int32Array.of(5, -7)],
    [uint8, [2], Uint8Array.of(0, 255), Uint8Array.of(0, 255)],
    [bool, [2], Uint8Array.of(0, 1), Uint8Array.of(0, 1)],
    [float32, [], Float32Array.of(3), Float32Array.of(3)],
    [float32, [0, 4], new Float32Array(), new Float32Array()],
    // A view into a larger buffer.
    [int32, [2], new Int32Array(Int32Array.of(9, 8, 7, 6).buffer, 4, 2), Int32Array.of(8, 7)],
  ];
  for (const [type, shape, data, expected] of cases) {
    const tensor = newTensor(type, shape, data);
    assertEquals(tensorData(tensor), expected as Float32Array);
    cApi().TF_DeleteTensor(tensor);
  }
});

await needs(everything, "a tensor's data must fill its shape", async () => {
  openCApi(await findLibrary());
  const { message } = assertThrows(() => newTensor(DataType.float32, [2, 3], new Float32Array(5)), Error);
  assertEquals(message, "a tensor of shape [2,3] takes 24 bytes, not 20");
});

await needs(everything, "what a status says becomes an error under the name of what was tried", async () => {
  openCApi(await findLibrary());
  const api = cApi(), options = api.TF_NewSessionOptions();
  const configure = (bytes: Uint8Array<ArrayBuffer>) =>
    withStatus(() => "configuring", (status) => {
      api.TF_SetConfig(options, bytes, BigInt(bytes.length), status);
      return 7;
    });
  assertEquals(configure(configProto({ threads: 2 })), 7);
  assertMatch(
    assertThrows(() => configure(Uint8Array.of(0xff, 0xff)), Error).message,
    /^TensorFlow: configuring: .*ConfigProto/,
  );
  api.TF_DeleteSessionOptions(options);
});

await needs(everything, "another library is no second one: the first that was opened stays", async () => {
  const library = await findLibrary(), first = openCApi(library);
  assertEquals(openCApi({ ...library, cc: "/nowhere/libtensorflow_cc.so.2" }) === first, true);
});
