import { assertEquals, assertGreater } from "@std/assert";
import { needs } from "../support/needs.ts";

const project = new URL("../../", import.meta.url);

await needs(["read", "write", "run", "env"], "readme: every example compiles", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", project));
  const examples = Array.from(readme.matchAll(/^```ts\n(.*?)^```/gms), ([, code]) => code);
  assertGreater(examples.length, 2);
  const folder = await Deno.makeTempDir();
  try {
    const files = await Promise.all(examples.map(async (code, i) => {
      const file = `${folder}/example_${i}.ts`;
      await Deno.writeTextFile(file, code.replaceAll('from "./', `from "${project.href}`));
      return file;
    }));
    const args = ["check", "--quiet", "--config", new URL("deno.json", project).pathname, ...files];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, stdout: "null" })
      .output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

await needs(["read"], "readme: every command and file that it names is there", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", project));
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", project)));
  const named = Array.from(readme.matchAll(/deno task (\w+)/g), ([, task]) => task);
  assertEquals([...new Set(named)].filter((task) => !(task in tasks)), []);
  const files = Array.from(
    readme.matchAll(/\]\(([^)#:]+)\)|`(experiments\/[\w/.]+)`/g),
    ([, link, path]) => link ?? path,
  );
  for (const file of files) await Deno.stat(new URL(file, project));
});
