import { assertEquals, assertRejects } from "@std/assert";
import { lookUp, readFile } from "../../../datasets/files/look_up.ts";
import { Failure } from "../../../lib/values/failure.ts";
import { needs } from "../../support/needs.ts";
import { inTemporary } from "../../support/temporary.ts";

await needs(["run"], "the data folder is the flag's, else RETORT_DATA's, else ./data", async () => {
  const module = new URL("../../../datasets/files/look_up.ts", import.meta.url);
  const code = `import { dataFolder } from "${module}"; console.log(dataFolder("/flag"), dataFolder());`;
  for (const [RETORT_DATA, found] of [["/somewhere", "/somewhere"], ["", "./data"]]) {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code], env: { RETORT_DATA } }).output();
    assertEquals(new TextDecoder().decode(stdout), `/flag ${found}\n`);
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
