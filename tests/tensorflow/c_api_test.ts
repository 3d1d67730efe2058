import { assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import { DataType } from "../../lib/tensorflow/binding.ts";
import {
  cApi,
  cString,
  newTensor,
  openCApi,
  tensorData,
  withStatus,
} from "../../lib/tensorflow/c_api.ts";
import { configProto } from "../../lib/tensorflow/config.ts";
import { findLibrary } from "../../lib/tensorflow/library/find.ts";
import { everything, needs } from "../support/needs.ts";

Deno.test("cApi: throws if the library is not open", () => {
  assertThrows(() => cApi(), Error, "TensorFlow's library is not open");
});

Deno.test("cString: UTF-8 with a terminating zero, cached", () => {
  assertEquals([...cString("Añ")], [0x41, 0xc3, 0xb1, 0]);
  assertEquals(cString("Conv2D") === cString("Conv2D"), true);
});

await needs(everything, "newTensor: keeps the elements, of every type that steps use", async () => {
  openCApi(await findLibrary());
  const { float32, int32, int64, uint8, bool } = DataType;
  const cases: [number, number[], ArrayBufferView, ArrayLike<number>][] = [
    [
      float32,
      [2, 2],
      Float32Array.of(1.5, -2, NaN, Infinity),
      Float32Array.of(1.5, -2, NaN, Infinity),
    ],
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

await needs(everything, "newTensor: the data must fill the shape", async () => {
  openCApi(await findLibrary());
  const { message } = assertThrows(
    () => newTensor(DataType.float32, [2, 3], new Float32Array(5)),
    Error,
  );
  assertEquals(message, "a tensor of shape [2,3] takes 24 bytes, not 20");
});

await needs(
  everything,
  "withStatus: throws the status's message after the name of the action",
  async () => {
    openCApi(await findLibrary());
    const api = cApi();
    const options = api.TF_NewSessionOptions();
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
  },
);

await needs(
  everything,
  "openCApi: opens a library once, and another one is a failure that names both",
  async () => {
    const library = await findLibrary();
    const other = "/nowhere/libtensorflow_cc.so.2";
    assertStrictEquals(openCApi(library), openCApi(library));
    const { exit, message } = assertThrows(() => openCApi({ ...library, cc: other }), Failure);
    assertEquals([exit, message], [
      3,
      `this process has loaded ${library.cc}: ${other} needs a process of its own`,
    ]);
  },
);
