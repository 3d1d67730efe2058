import { assertEquals, assertRejects } from "@std/assert";
import { parquetWriteBuffer } from "hyparquet-writer";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { openParquet } from "../../../datasets/files/parquet.ts";
import { Failure } from "../../../lib/values/failure.ts";
import { needs } from "../../support/needs.ts";
import { inTemporary } from "../../support/temporary.ts";

const compressors = { GZIP: gzipSync, ZSTD: zstdCompressSync, BROTLI: brotliCompressSync } as const;

function file(codec: "UNCOMPRESSED" | "SNAPPY" | keyof typeof compressors): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({
    columnData: [
      { name: "n", data: Array.from({ length: 100 }, (_, i) => i), type: "INT32" },
      {
        name: "bytes",
        data: Array.from({ length: 100 }, (_, i) => new Uint8Array(50).fill(i)),
        type: "BYTE_ARRAY",
      },
      { name: "nothing", data: new Array(100).fill(""), type: "STRING", encoding: "PLAIN" },
      { name: "null", data: new Array(100).fill(null), type: "STRING" },
    ],
    codec,
    compressors,
    rowGroupSize: 30,
    kvMetadata: [{ key: "about", value: "numbers" }],
  }));
}

await needs(
  ["read", "write"],
  "openParquet: rows of every codec, over several groups",
  () =>
    inTemporary(async (folder) => {
      const path = `${folder}/a.parquet`;
      for (const codec of ["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "BROTLI"] as const) {
        Deno.writeFileSync(path, file(codec));
        using parquet = await openParquet(path, "get it again");
        assertEquals([parquet.size, parquet.columns], [100, ["n", "bytes", "nothing", "null"]]);
        assertEquals(parquet.notes.get("about"), "numbers");
        const rows = await Array.fromAsync(parquet.rows(["bytes", "n", "nothing", "null"]));
        assertEquals(rows.map(([, n]) => n), Array.from({ length: 100 }, (_, i) => i), codec);
        assertEquals(rows[77][0], new Uint8Array(50).fill(77));
      }
    }),
);

await needs(
  ["read", "write"],
  "openParquet: a failure names a file that is none or is damaged",
  () =>
    inTemporary(async (folder) => {
      const path = `${folder}/a.parquet`;
      const sound = file("GZIP");
      const read = async (bytes: Uint8Array) => {
        Deno.writeFileSync(path, bytes);
        using parquet = await openParquet(path, "get it again");
        return await Array.fromAsync(parquet.rows(["bytes"]));
      };
      const broken = async (bytes: Uint8Array) => {
        const failure = await assertRejects(() => read(bytes), Failure, `cannot read ${path} (`);
        assertEquals([failure.exit, failure.message.endsWith(": get it again")], [3, true]);
      };
      await broken(new Uint8Array());
      await broken(new Uint8Array(100));
      await broken(sound.slice(0, -1));
      await broken(sound.slice(100));
      const damaged = sound.slice();
      damaged.fill(0, 300, 700);
      await broken(damaged);
    }),
);
