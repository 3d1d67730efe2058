import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "../../lib/values/failure.ts";
import {
  identify,
  loadExperiment,
  loadExperiments,
  projectRoot,
} from "../../lib/project/identify.ts";
import { needs } from "../support/needs.ts";
import { IMPORTS, project } from "../support/toy_project.ts";

const alone = (student: string) =>
  `experiment(import.meta, { dataset, student: ${student}, distiller: scratch(), schedule })`;

const FILES = {
  "experiments/one.ts": `${IMPORTS}export default ${alone("resnet8")};`,
  "experiments/record.ts": `${IMPORTS}
    const teacher = ${alone("resnet20")};
    export default {
      teacher,
      kd: experiment(import.meta, { dataset, teacher: from(teacher), student: resnet8, distiller: kd(), schedule }),
    };`,
  "experiments/named.ts": `${IMPORTS}export const a = ${alone("resnet8")}; export const b = ${
    alone("resnet20")
  };`,
  "experiments/both.ts": `${IMPORTS}export default ${alone("resnet8")}; export const variant = ${
    alone("resnet20")
  };`,
  "experiments/hidden.ts": `${IMPORTS}const hidden = ${
    alone("resnet8")
  }; export const hide = () => hidden;`,
  "experiments/outside.ts": `${IMPORTS}export default { "../up": ${alone("resnet8")} };`,
  "experiments/none.ts": "export default { a: 1 };",
  "experiments/throws.ts": "function f() {\n  throw new Error('no such luck');\n}\nf();",
  "experiments/invalid.ts": `import { Failure } from "${new URL(
    "../../lib/values/failure.ts",
    import.meta.url,
  )}"; throw new Failure(2, "crop is −1");`,
  "experiments/broken.ts": "export default {{;",
  "experiments/empty/tables.ts": "",
  "experiments/lost.ts": 'import "./nowhere.ts";',
};

const read = ["read", "write"] as const;

await needs(
  read,
  "identify: the id is the module's path in its project, and #name unless it is the default",
  () =>
    project(FILES, async (folder) => {
      const at = (name: string) => join(folder, "experiments", name);
      for (
        const [spec, ids] of Object.entries({
          "one.ts": ["one"],
          "one": ["one"],
          "record.ts": ["record#teacher", "record#kd"],
          "record.ts#kd": ["record#kd"],
          "record#kd": ["record#kd"],
          "named.ts": ["named#a", "named#b"],
          "both.ts": ["both"],
          "both.ts#variant": ["both#variant"],
        })
      ) {
        const loaded = await loadExperiments(at(spec));
        assertEquals(loaded.map(({ id }) => id), ids.map((id) => `experiments/${id}`), spec);
        for (const { id, experiment } of loaded) {
          const found = await identify(experiment);
          assertEquals(found.id, id);
          assertEquals(found.name, id.split("#")[1]);
          assertEquals(found.module, at(`${id.split("#")[0].slice("experiments/".length)}.ts`));
        }
      }
      const [{ experiment: { teachers: [teacher] } }] = await loadExperiments(at("record.ts#kd"));
      assert("experiment" in teacher);
      assertEquals((await identify(teacher.experiment)).id, "experiments/record#teacher");
    }),
);

await needs(
  read,
  "loadExperiment: takes one experiment, and lists several",
  () =>
    project(FILES, async (folder) => {
      const at = (name: string) => join(folder, "experiments", name);
      assertEquals((await loadExperiment(at("record.ts#kd"))).id, "experiments/record#kd");
      assertEquals((await loadExperiment(at("both.ts"))).id, "experiments/both");
      const error = await assertRejects(() => loadExperiment(at("named.ts")), Failure);
      assertEquals([error.exit, error.message], [
        2,
        `${at("named.ts")} is several experiments: name one, ` +
        "experiments/named#a or experiments/named#b",
      ]);
    }),
);

await needs(
  read,
  "projectRoot: is the nearest folder upward with a deno.json, else the module's own",
  () =>
    project({ "inner/deno.jsonc": "{}", "inner/deep/a.ts": "", "b.ts": "" }, (folder) => {
      const of = (name: string) => projectRoot(pathToFileURL(join(folder, name)).href);
      assertEquals([of("inner/deep/a.ts"), of("b.ts")], [join(folder, "inner"), folder]);
      assertEquals(projectRoot("file:///nowhere/at/all.ts"), "/nowhere/at");
      return Promise.resolve();
    }),
);

await needs(
  read,
  "loadExperiments: a mistake is described in one message, with exit code 2",
  () =>
    project(FILES, async (folder) => {
      const at = (name: string) => join(folder, "experiments", name);
      for (
        const [spec, ...parts] of [
          ["ons.ts", "there is no", `did you mean ${at("one.ts")}?`],
          ["recrod#kd", `did you mean ${at("record.ts")}?`],
          ["far/away.ts", "there is no folder"],
          ["one.ts/kd", `there is no ${at("one.ts/kd")}: there is no folder ${at("one.ts")}`],
          ["n".repeat(300), "there is no"],
          [
            "",
            "experiments is a folder: name a module in it, both.ts, broken.ts, hidden.ts, invalid.ts, lost.ts …",
          ],
          ["empty", "experiments/empty is a folder without an experiment: name a module"],
          ["none.ts", "exports no experiment", "export default experiment"],
          ["hidden.ts", "exports no experiment"],
          ["record.ts#kb", "no experiment called kb", "teacher, kd"],
          ["one.ts#kd", "no experiment called kd", "leave #kd out"],
          ["throws.ts", "cannot import", "no such luck", "(line 2)"],
          ["invalid.ts", at("invalid.ts"), "crop is −1"],
          ["broken.ts", "cannot import", "Unexpected token", "broken.ts:1"],
          ["lost.ts", "cannot import", "nowhere.ts"],
        ]
      ) {
        const failure = await assertRejects(() => loadExperiments(at(spec)), Failure);
        assertEquals(failure.exit, 2, spec);
        for (const part of parts) assertStringIncludes(failure.message, part);
        assert(!failure.message.includes("at f ("), "the message has no stack");
      }
    }),
);

await needs(
  read,
  "identify: an experiment that its module does not export has no id",
  () =>
    project(FILES, async (folder) => {
      const { hide } = await import(pathToFileURL(join(folder, "experiments/hidden.ts")).href);
      const failure = await assertRejects(() => identify(hide()), Failure, "export it");
      assertEquals(failure.exit, 2);
      assertStringIncludes(failure.message, "hidden.ts");
      await assertRejects(
        () => identify({ ...hide(), url: "https://example.org/a.ts" }),
        Failure,
        "has to be a file",
      );
    }),
);

await needs(
  read,
  "identify: a name that cannot be a file's is refused",
  () =>
    project(FILES, async (folder) => {
      const failure = await assertRejects(
        () => loadExperiments(join(folder, "experiments/outside.ts")),
        Failure,
        'exported as "../up"',
      );
      assertEquals(failure.exit, 2);
    }),
);
