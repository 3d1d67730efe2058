import { assertEquals } from "@std/assert";
import { needs } from "../support/needs.ts";

await needs(["run"], "dataFolder: the flag, else RETORT_DATA, else ./data", async () => {
  const module = new URL("../../lib/files/data_folder.ts", import.meta.url);
  const code =
    `import { dataFolder } from "${module}"; console.log(dataFolder("/flag"), dataFolder());`;
  for (const [RETORT_DATA, found] of [["/somewhere", "/somewhere"], ["", "./data"]]) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      env: { RETORT_DATA },
    }).output();
    assertEquals(new TextDecoder().decode(stdout), `/flag ${found}\n`);
  }
});
