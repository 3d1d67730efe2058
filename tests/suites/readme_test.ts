import { assertEquals, assertGreater } from "@std/assert";
import { needs } from "../support/needs.ts";

const project = new URL("../../", import.meta.url);

await needs(["read", "write", "run", "env"], "readme: every example compiles", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", project));
  const examples = Array.from(readme.matchAll(/^```ts\n(.*?)^```/gms), ([, code]) => code);
  assertGreater(examples.length, 1);
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

/** The pages that people read, each written by hand. */
const PAGES = [
  "README.md",
  ".github/CONTRIBUTING.md",
  "lib/README.md",
  "lib/distillers/README.md",
  "experiments/examples/README.md",
  "tests/bench/README.md",
];

await needs(["read"], "readme: every command, link and file of a page exists", async (t) => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", project)));
  for (const page of PAGES) {
    await t.step(page, async () => {
      const url = new URL(page, project);
      const text = await Deno.readTextFile(url);
      const named = Array.from(text.matchAll(/deno task ([\w:]+)/g), ([, task]) => task);
      assertEquals([...new Set(named)].filter((task) => !(task in tasks)), []);
      const links = Array.from(text.matchAll(/\]\(([^)#:]+)\)/g), ([, link]) => new URL(link, url));
      const files = Array.from(
        text.matchAll(/`((?:lib|tests|datasets|experiments)\/[\w/.]+)`/g),
        ([, path]) => new URL(path, project),
      );
      for (const file of [...links, ...files]) await Deno.stat(file);
    });
  }
});

await needs(["read"], "readme: each room and file of the map is in lib/", async () => {
  const map = await Deno.readTextFile(new URL("lib/README.md", project));
  const rooms: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL("lib", project))) {
    if (isDirectory) rooms.push(name);
  }
  const paths = Array.from(
    map.matchAll(/`(\w+)\/([\w/]+\.ts)?`/g),
    ([, room, file]) => ({ room, file }),
  );
  const ours = paths.filter(({ room }) => rooms.includes(room));
  for (const { room, file = "" } of ours) await Deno.stat(new URL(`lib/${room}/${file}`, project));
  assertEquals(rooms.filter((name) => !paths.some(({ room }) => room === name)), []);
});

await needs(["read"], "readme: its table is the one that the program wrote", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", project));
  const written = await Deno.readTextFile(new URL("experiments/cifar10/README.md", project));
  const rows = (text: string) =>
    Array.from(
      text.matchAll(/^\| \[\w+\]\((?:experiments\/cifar10\/)?(\w+\.ts)\) *\|(.*)$/gm),
      ([, module, cells]) => [module, ...cells.split("|").map((cell) => cell.trim())],
    );
  assertGreater(rows(readme).length, 1);
  assertEquals(rows(readme), rows(written));
});
