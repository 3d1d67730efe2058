import { assertEquals, assertRejects } from "@std/assert";
import { readFile, statPath } from "../../../datasets/files/stat_path.ts";
import { Failure } from "../../../lib/values/failure.ts";
import { needs } from "../../support/needs.ts";
import { inTemporary } from "../../support/temporary.ts";

await needs(
  ["read", "write"],
  "readFile: a failure names a file that cannot be read",
  () =>
    inTemporary(async (folder) => {
      assertEquals(await statPath(`${folder}/none`), undefined);
      assertEquals((await statPath(folder))?.isDirectory, true);
      for (const path of [`${folder}/none`, folder]) {
        const failure = await assertRejects(() => readFile(path, "try another"), Failure, path);
        assertEquals([failure.exit, failure.message.endsWith("try another")], [3, true]);
      }
    }),
);
