import { assertEquals } from "@std/assert";
import { needs } from "../support/needs.ts";

await needs(["run"], "findDataFolder: the flag, else RETORT_DATA, else ./data", async () => {
  const module = new URL("../../lib/files/data_folder.ts", import.meta.url);
  const code =
    `import { findDataFolder } from "${module}"; console.log(findDataFolder("/flag"), findDataFolder());`;
  for (const [RETORT_DATA, found] of [["/somewhere", "/somewhere"], ["", "./data"]]) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      env: { RETORT_DATA },
    }).output();
    assertEquals(new TextDecoder().decode(stdout), `/flag ${found}\n`);
  }
});
