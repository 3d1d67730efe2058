import { assertEquals, assertRejects } from "@std/assert";
import { dataFolder, lookUp, readFile } from "../../datasets/files.ts";
import { Failure } from "../../lib/failure.ts";
import { needs } from "../needs.ts";
import { inTemporary } from "./temporary.ts";

await needs(["env"], "the data folder is the flag's, else RETORT_DATA's, else ./data", () => {
  const before = Deno.env.get("RETORT_DATA");
  try {
    Deno.env.set("RETORT_DATA", "/somewhere");
    assertEquals([dataFolder("/flag"), dataFolder()], ["/flag", "/somewhere"]);
    Deno.env.delete("RETORT_DATA");
    assertEquals(dataFolder(), "./data");
  } finally {
    if (before !== undefined) Deno.env.set("RETORT_DATA", before);
  }
});

await needs(["read", "write"], "a file that cannot be read is named", () =>
  inTemporary(async (folder) => {
    assertEquals(await lookUp(`${folder}/none`), undefined);
    assertEquals((await lookUp(folder))?.isDirectory, true);
    for (const path of [`${folder}/none`, folder]) {
      const failure = await assertRejects(() => readFile(path, "try another"), Failure, path);
      assertEquals([failure.exit, failure.message.endsWith("try another")], [3, true]);
    }
  }));
