/** A run whose own code has changed since is neither done nor trained again without a word. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { changedCode } from "../../lib/project/own_code.ts";
import { needs } from "../support/needs.ts";
import { project } from "../support/toy_project.ts";
import { EXP } from "../support/toy_runs.ts";

const at = (path: string): string => new URL(`../../${path}`, import.meta.url).href;
const config = new URL("../../deno.json", import.meta.url).pathname;

const FILES = {
  "method.ts": `import { mse } from "${at("mod.ts")}";
import type { Distiller, Scorer } from "${at("mod.ts")}";
export function mine(weight = 1): Distiller<Scorer, Scorer> {
  return { id: "mine", options: { weight }, build: () => ({ student, teacher, task }) => ({
    task: [1, task(student), "task"], logits: [weight, mse(student.taps.logits, teacher.taps.logits)] }) };
}
`,
  "start.ts": `import { resnet8 } from "${at("mod.ts")}";
export const network = (() => resnet8)();
`,
  "x.ts": `import { synthetic } from "${at("datasets/mod.ts")}";
import { experiment, from, resnet8, scratch, sgd } from "${at("mod.ts")}";
import { mine } from "./method.ts";
import { network } from "./start.ts";
const shared = { dataset: synthetic({ train: 16, test: 8, size: 8, classes: 2 }),
  schedule: sgd({ epochs: 1, batch: 16, lr: 0.1 }) };
export const teacher = experiment(import.meta, { ...shared, student: network, distiller: scratch() });
export const student = experiment(import.meta, { ...shared, teacher: from(teacher), student: resnet8,
  distiller: mine() });
`,
};

await needs(
  ["read", "write", "env", "run"],
  "changed code: an edited loss stops a run by its module, and is kept or trained again by the user's word",
  async () => {
    await project(FILES, async (folder) => {
      const exp = async (...args: readonly string[]) => {
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--quiet", "--config", config, EXP, ...args],
          cwd: folder,
        }).output();
        const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
        return { code, text };
      };
      const edit = async (file: keyof typeof FILES, from: string, to: string) => {
        const path = join(folder, file);
        await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace(from, to));
      };
      const record = async () => {
        const { trials: [trial] } = JSON.parse(
          await Deno.readTextFile(join(folder, "x", "student.json")),
        );
        return trial;
      };
      assertEquals((await exp("x.ts", "--backend", "cpu")).code, 0);
      const first = await record();
      assertEquals(Object.keys(first.code), ["method.ts", "start.ts", "x.ts"]);

      // A run of an older version does not know its code: it is taken as it is, and gets one.
      const known = join(folder, "runs", "x#student", "seed-1", "code.json");
      await Deno.remove(known);
      await edit("method.ts", "export function", "/** A comment. */\nexport function");
      assertStringIncludes((await exp("x.ts#student")).text, "done before");
      const { checksum: _checksum, ...code } = JSON.parse(await Deno.readTextFile(known));
      assertEquals(code, first.code);

      await edit("method.ts", "logits: [weight", "logits: [2 * weight");
      for (const flags of [[], ["--dry-run"]]) {
        const { code, text } = await exp("x.ts#student", ...flags);
        assertEquals(code, 2);
        assertStringIncludes(
          text,
          "x#student seed 1: code has changed since: method.ts; --keep takes the run as it is, " +
            "--fresh trains it again, and all else that is asked for",
        );
      }
      assertStringIncludes((await exp("x.ts#teacher")).text, "done before");

      assertStringIncludes((await exp("x.ts#student", "--keep")).text, "done before");
      const kept = await record();
      assertEquals(kept, { ...first, code: kept.code });
      assertEquals(changedCode(first.code, kept.code), ["method.ts"]);
      assertStringIncludes((await exp("x.ts#student")).text, "done before");

      await edit("start.ts", "resnet8)()", "(() => resnet8)())()");
      const teacherChanged = await exp("x.ts#student", "--fresh", "--backend", "cpu");
      assertEquals(teacherChanged.code, 2);
      assertStringIncludes(
        teacherChanged.text,
        "teacher x#teacher seed 1: code has changed since: start.ts; --keep takes the run as it " +
          "is, `deno task exp x#teacher --seed 1 --fresh` trains it again",
      );
      const both = await exp("x.ts#student", "--fresh", "--keep", "--backend", "cpu");
      assertEquals(both.code, 0);
      assertStringIncludes((await exp("x.ts")).text, "x#teacher seed 1: done before");
    });
  },
);
