import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { makeFolder } from "../../lib/files/make_folder.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needs } from "../support/needs.ts";

await needs(
  ["read", "write"],
  "makeFolder: makes what is missing, and says why it cannot",
  async () => {
    const root = await Deno.makeTempDir();
    try {
      const folder = `${root}/a/b`;
      await makeFolder(folder);
      await makeFolder(folder);
      assert((await Deno.stat(folder)).isDirectory);
      await Deno.writeTextFile(`${root}/file`, "");
      const { exit, message } = await assertRejects(() => makeFolder(`${root}/file/b`), Failure);
      assertEquals(exit, 3);
      assertStringIncludes(message, `cannot write ${root}/file/b: `);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);
