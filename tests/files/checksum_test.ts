import { assertEquals, assertRejects } from "@std/assert";
import { checksum } from "../../lib/files/checksum.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";

await needs(
  ["read", "write"],
  "checksum: has the published digits of `abc`, and names a path that cannot be read",
  () =>
    inTemporary(async (folder) => {
      await Deno.writeTextFile(`${folder}/abc`, "abc");
      assertEquals(await checksum(`${folder}/abc`, "md5"), "900150983cd24fb0d6963f7d28e17f72");
      for (const [path, why] of [[folder, "Is a directory"], [`${folder}/none`, "No such file"]]) {
        const failure = await assertRejects(() => checksum(path, "sha256"), Failure);
        assertEquals(failure.exit, 3);
        assertEquals(failure.message.startsWith(`cannot read ${path}: ${why}`), true);
      }
    }),
);
