import { assert, assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import { fileSource } from "../../lib/files/byte_source.ts";
import { inTemporary } from "../support/temporary.ts";
import { needs } from "../support/needs.ts";

await needs(
  ["read", "write"],
  "fileSource: reads copies of its parts, throws beyond its end, and names why it cannot be read",
  () =>
    inTemporary((folder) => {
      Deno.writeFileSync(`${folder}/x`, Uint8Array.of(1, 2, 3, 4, 5));
      {
        using source = fileSource(`${folder}/x`);
        assertEquals(source.size, 5);
        assertEquals(source.read(1, 3), Uint8Array.of(2, 3, 4));
        assertEquals(source.read(0, 2), Uint8Array.of(1, 2));
        assertEquals(source.read(5, 0), new Uint8Array());
        assertEquals(source.read(1, 3).buffer.byteLength, 3);
        for (
          const [position, length] of [
            [0, 6],
            [5, 1],
            [2 ** 60, 1],
            [0, 2 ** 60],
            [-1, 2],
            [2, -1],
            [NaN, 1],
          ]
        ) {
          assertThrows(() => source.read(position, length), RangeError);
        }
        Deno.truncateSync(`${folder}/x`, 2);
        assertThrows(() => source.read(0, 5), RangeError, "ends 3 bytes early");
      }
      for (const [path, why] of [[`${folder}/none`, "No such file"], [folder, "it is a folder"]]) {
        const failure = assertThrows(() => fileSource(path), Failure);
        assertEquals(failure.exit, 3);
        assert(failure.message.startsWith(`cannot read ${path}: ${why}`), failure.message);
      }
    }),
);
