/** The package in a project of somebody else's, without a clone. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { everything, needs } from "../support/needs.ts";
import { project } from "../support/toy_project.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const EXPERIMENTS =
  `import { experiment, from, kd, resnet20, resnet8, scratch, sgd } from "@retort/retort";
import { synthetic } from "@retort/retort/datasets";

const dataset = synthetic({ size: 8, train: 64, test: 32, classes: 5 });
const schedule = sgd({ epochs: 1, batch: 16, lr: 0.05 });

export const teacher = experiment(import.meta, {
  dataset,
  schedule,
  student: resnet20,
  distiller: scratch(),
});

export const student = experiment(import.meta, {
  dataset,
  schedule,
  teacher: from(teacher),
  student: resnet8,
  distiller: kd(),
});
`;

const TABLES = `import { tables } from "@retort/retort";
import { student, teacher } from "./own.ts";

export default tables({
  title: "Own",
  tables: [{ id: "own", title: "Own", rows: { teacher, student } }],
});
`;

/**
 * The `deno.json` that the recipe tells, with this checkout in its `links` and the folders that it
 * names for places without JSR.
 */
async function recipe(): Promise<{ readonly links: readonly string[] }> {
  const text = await Deno.readTextFile(join(root, "experiments/examples/README.md"));
  const [, json] = text.split("## A repository of your own")[1].match(/```json\n([^`]*)```/)!;
  const config = JSON.parse(json);
  const more = Array.from(text.matchAll(/`(\.\.\/retort\/lib\/std\/\w+)`/g), ([, path]) => path);
  assertEquals(more.length, 3);
  const here = (path: string) => join(root, path.replace(/^\.\.\/retort/, ""));
  return { ...config, links: [...config.links, ...more].map(here) };
}

/** Runs a command of the package in a project's folder. */
async function runCommand(folder: string, name: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `jsr:@retort/retort/${name}`, ...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout);
}

await needs(
  everything,
  "package: a project without a clone trains, makes its table and exports",
  async () =>
    await project({
      "deno.json": JSON.stringify(await recipe()),
      "experiments/mine/own.ts": EXPERIMENTS,
      "experiments/mine/tables.ts": TABLES,
    }, async (folder) => {
      const trained = await runCommand(folder, "exp", "experiments/mine/own.ts#student");
      assertStringIncludes(trained, "experiments/mine/own#student seed 1: top-1 ");
      await runCommand(folder, "tables");
      const readme = await Deno.readTextFile(join(folder, "experiments/mine/README.md"));
      assertStringIncludes(readme, "[student](own.ts)");
      await runCommand(
        folder,
        "export",
        "experiments/mine/own.ts#student",
        "--format",
        "safetensors",
      );
      assertEquals(existsSync(join(folder, "exports")), true);
    }),
);

await needs(
  ["read"],
  "package: every command has an export, and every task of a command its file",
  async () => {
    const { exports, tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
    const commands = Object.entries<{ command: string }>(tasks)
      .flatMap(([name, { command }]) => {
        const file = command.match(/lib\/commands\/\w+\.ts/)?.[0];
        return file === undefined ? [] : [[`./${name}`, `./${file}`]];
      });
    assertEquals(commands.length > 8, true);
    for (const [name, file] of commands) assertEquals(exports[name], file);
  },
);
