/** Runs every example in `experiments/examples/` by the commands in its header. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { encode } from "fast-png";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { stream } from "../../lib/values/random.ts";
import { experimentModules } from "../support/all_experiments.ts";
import { everything, needs } from "../support/needs.ts";
import { project } from "../support/toy_project.ts";
import { writeFiles } from "../support/write_files.ts";

const root = new URL("../../", import.meta.url);
const examples = fileURLToPath(new URL("experiments/examples", root));

/** Reads every example by its path in the project. Imports become absolute. */
async function sources(): Promise<Record<string, string>> {
  const paths = (await experimentModules(examples)).sort();
  const texts = paths.map(async (path) => {
    const text = await Deno.readTextFile(path);
    return [
      relative(fileURLToPath(root), path),
      text.replaceAll(/"(?:\.\.\/)+(mod\.ts|datasets\/)/g, (_, ours) => `"${root.href}${ours}`),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

/**
 * Draws small pictures of two kinds of flowers, one darker and one lighter, 20 of each for training
 * and 5 for the test.
 */
function flowers(): Record<string, Uint8Array> {
  const random = stream(1, "flowers");
  const side = 20;
  const picture = (grey: number) => {
    const data = Uint8Array.from({ length: side * side * 3 }, () => grey + random.below(60));
    return encode({ width: side, height: side, channels: 3, data });
  };
  const pictures = [["train", 20], ["test", 5]] as const;
  return Object.fromEntries(
    pictures.flatMap(([split, count]) =>
      [["rose", 40], ["tulip", 140]].flatMap(([kind, grey]) =>
        Array.from(
          { length: count },
          (_, i) => [`${split}/${kind}/${i}.png`, picture(Number(grey))],
        )
      )
    ),
  );
}

/** Parses the commands in a module's header: the task and its arguments. */
function commands(text: string): string[][] {
  const [header] = text.match(/^\/\*\*.*?\*\//s) ?? [""];
  return Array.from(
    header.matchAll(/^ \* {5}deno task (.+)$/gm),
    ([, command]) => command.split(" "),
  );
}

await needs(
  everything,
  "examples: each one runs by the commands in its header",
  async (t) => {
    const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
    const files = await sources();
    await project(files, async (folder) => {
      writeFiles(join(folder, "data/flowers"), flowers(), "directory");
      for (const [path, text] of Object.entries(files)) {
        await t.step(path, async () => {
          const all = commands(text);
          assert(
            all.some((words) => words.includes(path.replace(/\/tables\.ts$/, ""))),
            `${path} names no command`,
          );
          for (const [task, ...args] of all) {
            const [, module] = tasks[task].command.match(/^deno run -A (\S+)$/);
            const { code, stderr } = await new Deno.Command(Deno.execPath(), {
              args: ["run", "-A", fileURLToPath(new URL(module, root)), ...args],
              cwd: folder,
              env: { RETORT_DATA: join(folder, "data") },
            }).output();
            assertEquals(code, 0, new TextDecoder().decode(stderr));
          }
        });
      }
      const text = (...names: string[]) =>
        Deno.readTextFile(join(folder, "experiments/examples", ...names));
      const results = [
        "ablation/both",
        "given_teacher",
        "own_images",
        "own_loss/student",
        "own_method/student",
        "own_network",
      ];
      for (const result of results) {
        assertEquals(JSON.parse(await text(`${result}.json`)).trials[0].quick, false, result);
      }
      const tried = Array.from(Deno.readDirSync(join(folder, "experiments/examples/sweep")));
      assertEquals(tried.length, 3 + 1, "three points and their teacher");
      const table = await text("table/README.md");
      for (const row of ["teacher", "kd", "mixed", "both"]) {
        assertMatch(table, new RegExp(`\\[${row}\\].*± .*\\(2\\)`));
      }
    });
  },
);
