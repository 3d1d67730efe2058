import { assertEquals } from "@std/assert";
import { parquetWriteBuffer } from "hyparquet-writer";
import { openParquet } from "../../../datasets/files/parquet.ts";
import { Failure } from "../../../lib/values/failure.ts";
import { needs } from "../../support/needs.ts";
import { inTemporary } from "../../support/temporary.ts";

const sound = new Uint8Array(parquetWriteBuffer({
  columnData: [
    { name: "label", data: Array.from({ length: 20 }, (_, i) => i), type: "INT32" },
    { name: "img", data: Array(20).fill(new Uint8Array(9)), type: "BYTE_ARRAY" },
  ],
}));

await needs(
  ["read", "write"],
  "checkPages: any wrong byte ends the reading, by a failure or with as many rows",
  () =>
    inTemporary(async (folder) => {
      const path = `${folder}/a.parquet`;
      let refused = 0;
      for (let at = 0; at < sound.length; at++) {
        for (const value of [0, sound[at] ^ 1, sound[at] ^ 0x80, 0xff]) {
          const damaged = sound.slice();
          damaged[at] = value;
          Deno.writeFileSync(path, damaged);
          try {
            using parquet = await openParquet(path, "get it again");
            const rows = await Array.fromAsync(parquet.rows(["label", "img"]));
            assertEquals(rows.length, parquet.size);
          } catch (error) {
            if (!(error instanceof Failure) || error.exit !== 3) throw error;
            assertEquals(/reading '|is not a function/.test(error.message), false, error.message);
            refused++;
          }
        }
      }
      assertEquals(refused > sound.length, true);
    }),
);
