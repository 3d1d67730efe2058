import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { needs } from "../support/needs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The exports of `mod.ts` that a user meets first. */
const EXPORTS = [
  "experiment",
  "from",
  "ensemble",
  "weights",
  "ablation",
  "sweep",
  "tables",
  "sgd",
  "cosine",
  "kd",
  "fitnets",
  "combine",
  "shake",
  "slkd",
  "sakd",
  "classifier",
  "stage",
  "conv",
  "mixup",
  "Distiller",
];

/** The text of every module of the library. */
async function librarySources(folder = join(root, "lib")): Promise<string[]> {
  const sources: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) sources.push(...await librarySources(path));
    else if (name.endsWith(".ts")) sources.push(await Deno.readTextFile(path));
  }
  return sources;
}

/** The code of the `@example` blocks in the doc of an export. */
function examplesOf(name: string, sources: readonly string[]): string[] {
  const declaration = new RegExp(`^export (?:function|const|interface|type) ${name}\\b`, "m");
  return sources.flatMap((source) => {
    const start = source.match(declaration)?.index;
    const before = source.slice(0, start).trimEnd();
    if (start === undefined || !before.endsWith("*/")) return [];
    const doc = before.slice(before.lastIndexOf("/**")).replaceAll(/^ \* ?/gm, "");
    return Array.from(doc.matchAll(/^@example.*\n```ts\n(.*?)^```/gms), ([, code]) => code);
  });
}

await needs(
  ["read", "write", "run", "env"],
  "docs: the exports that a user meets first have examples, and these compile",
  async () => {
    const sources = await librarySources();
    const examples = EXPORTS.map((name) => [name, examplesOf(name, sources)] as const);
    assertEquals(examples.filter(([, codes]) => codes.length === 0).map(([name]) => name), []);
    const { imports, compilerOptions, links } = JSON.parse(
      await Deno.readTextFile(join(root, "deno.json")),
    );
    const config = {
      imports: {
        ...imports,
        "@retort/retort": new URL("../../mod.ts", import.meta.url).href,
        "@retort/retort/datasets": new URL("../../datasets/mod.ts", import.meta.url).href,
      },
      compilerOptions,
      links: links.map((link: string) => join(root, link)),
      lock: false,
    };
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(config));
      const files = examples.flatMap(([name, codes]) =>
        codes.map((code, i) => [join(folder, `${name}_${i}.ts`), code] as const)
      );
      for (const [file, code] of files) await Deno.writeTextFile(file, code);
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["check", "--quiet", ...files.map(([file]) => file)],
        cwd: folder,
        stdout: "null",
        env: { NO_COLOR: "1" },
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("docs: an export without an example is found", () => {
  const doc = "/**\n * A.\n *\n * @example\n * ```ts\n * f();\n * ```\n */\n";
  assertEquals(examplesOf("f", [`${doc}export function f() {}`]), ["f();\n"]);
  assertEquals(examplesOf("g", [`${doc}const x = 1;\nexport function g() {}`]), []);
  assertNotEquals(examplesOf("F", [`${doc}export interface F {}`]), []);
});
