import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Failure } from "../../../lib/values/failure.ts";
import { decodeWeights } from "../../../lib/weights/weights_file.ts";
import { memorySource } from "../../support/memory_source.ts";
import { tar } from "../../support/tar_archive.ts";
import { tarLayout } from "../../support/tar_layout.ts";

const decode = (files: Readonly<Record<string, Uint8Array>>) =>
  decodeWeights(memorySource("resnet.pth", Uint8Array.from(tar(files))));

Deno.test("tar layout: tensors, views and facts of a file of 2017", () => {
  const { format, tensors, facts } = decode(tarLayout);
  assertEquals(format, "pytorch-tar");
  assertEquals([...tensors], [
    ["w", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ["turned", { shape: [2, 2], data: Float32Array.of(1, 3, 2, 4) }],
    ["view", { shape: [2], data: Float32Array.of(2, 3) }],
  ]);
  assertEquals(facts, { epoch: 3 });
});

Deno.test("tar layout: a damaged one is one failure", () => {
  for (const name of ["pickle", "storages", "tensors"]) {
    const whole = tarLayout[name];
    for (let length = 0; length < whole.length; length += 3) {
      const cut = { ...tarLayout, [name]: whole.slice(0, length) };
      const { message, exit } = assertThrows(() => decode(cut), Failure);
      assertEquals(exit, 3);
      assertStringIncludes(message, "resnet.pth is ");
    }
  }
});
