import { assertEquals } from "@std/assert";
import { isFile, isFolder } from "../../lib/files/path_kind.ts";
import { needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";

await needs(
  ["read", "write"],
  "isFile, isFolder: what is there, and no error for what is not",
  () =>
    inTemporary(async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "");
      await Deno.symlink(folder, `${folder}/link`);
      const kinds = (path: string) => [isFile(path), isFolder(path)];
      assertEquals(kinds(`${folder}/file`), [true, false]);
      assertEquals(kinds(folder), [false, true]);
      assertEquals(kinds(`${folder}/link`), [false, true]);
      for (const path of ["absent", "file/below", "n".repeat(300)]) {
        assertEquals(kinds(`${folder}/${path}`), [false, false], path);
      }
    }),
);
