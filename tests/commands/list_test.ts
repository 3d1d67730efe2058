import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { runList } from "../../lib/commands/list.ts";
import { declarationHash } from "../../lib/experiment/declaration.ts";
import { loadExperiments } from "../../lib/project/identify.ts";
import { recordTrial, resultPath } from "../../lib/project/result.ts";
import { status } from "../../lib/terminal/status.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needs } from "../support/needs.ts";
import { IMPORTS, project, recordToyTrial, skipTypeCheck } from "../support/toy_project.ts";
import { trial } from "../support/trial.ts";
import { writeRun } from "../support/write_run.ts";

const PAPER = `
paper: { title: A paper, authors: [A. One], venue: arXiv, year: 2020 }
tables:
  - id: t1
    title: Table 1
    dataset: toy100
    metric: [top1, kl]
    columns:
      - { teacher: resnet20, student: resnet8, metric: top1 }
      - { teacher: resnet20, student: resnet8, metric: kl }
      - { teacher: resnet56, student: resnet8, metric: top1 }
    rows:
      - { method: teacher, values: [74.64, null, 75] }
      - { method: kd, values: [72.98, 0.5, null] }
      - { method: dml, values: [73, 0.4, 74] }
      - { method: gain, kind: delta, of: dml, over: kd, values: [0.02, -0.1, null] }
`;

const FILES = {
  "experiments/teachers/resnet20.ts":
    `${IMPORTS}export default experiment(import.meta, { dataset, student: resnet20, distiller: scratch(), schedule });`,
  "experiments/toy/kd.ts": `${IMPORTS}import teacher from "../teachers/resnet20.ts";
    const kd8 = experiment(import.meta, { dataset, teacher: from(teacher), student: resnet8, distiller: kd(), schedule });
    export default { resnet20_resnet8: kd8 };`,
  "experiments/toy/paper.yaml": PAPER,
  "experiments/toy/tables.ts":
    `${IMPORTS}import kd_ from "./kd.ts"; import resnet20_ from "../teachers/resnet20.ts";
    export default tables({ paper: "./paper.yaml", tables: [{ ids: ["t1"], rows: { teacher: { resnet20: resnet20_ }, kd: kd_ } }] });`,
  "experiments/mine/tables.ts":
    `${IMPORTS}import kd_ from "../toy/kd.ts"; import teacher from "../teachers/resnet20.ts";
    export default tables({ title: "Mine", tables: [{ id: "main", title: "All", rows: { teacher, kd: kd_.resnet20_resnet8 } }] });`,
};

/** The output of the command in a toy project. */
async function outputOf(folder: string, ...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  await runList(args, (line) => lines.push(line), folder, skipTypeCheck);
  return lines;
}

await needs(
  ["read", "write"],
  "list: every cell is listed once, with its experiment and its state",
  () =>
    project(FILES, async (folder) => {
      const cells = async (...args: string[]) =>
        (await outputOf(folder, "--json", ...args)).map((line) => JSON.parse(line));
      const own = { paper: "toy", table: "t1", student: "resnet8", state: "not run", n: 0 };
      const [teacher, bigTeacher, kd, dml, ...rest] = await cells("--paper", "toy");
      assertEquals(teacher, {
        ...{ id: "experiments/teachers/resnet20", ...own },
        ...{ method: "teacher", teacher: "resnet20", dataset: "toy" },
      });
      assertEquals(bigTeacher, {
        id: null,
        ...own,
        method: "teacher",
        teacher: "resnet56",
        dataset: "toy100",
      });
      assertEquals(kd, {
        ...{ id: "experiments/toy/kd#resnet20_resnet8", ...own },
        ...{ method: "kd", teacher: "resnet20", dataset: "toy" },
      });
      assertEquals([dml.id, dml.teacher, rest.length, rest[0].teacher], [
        null,
        "resnet20",
        1,
        "resnet56",
      ]);
      assertEquals((await cells()).map(({ paper }) => paper), [
        "mine",
        "mine",
        "toy",
        "toy",
        "toy",
        "toy",
        "toy",
      ]);
      assertEquals(
        (await cells("--paper", "mine")).map((
          { method, teacher, student },
        ) => [method, teacher, student]),
        [
          ["teacher", null, "resnet20"],
          ["kd", "resnet20", "resnet8"],
        ],
      );
    }),
);

await needs(["read", "write"], "list: a paper's folder may have a table of our own", () => {
  const own = `{ id: "mine", title: "Mine", rows: { teacher: resnet20_ } }`;
  const module = FILES["experiments/toy/tables.ts"].replace("}] })", `}, ${own}] })`);
  return project({ ...FILES, "experiments/toy/tables.ts": module }, async (folder) => {
    const cells = (await outputOf(folder, "--json", "--paper", "toy")).map((line) =>
      JSON.parse(line)
    );
    assertEquals(cells.length, 6);
    assertEquals([cells[5].table, cells[5].id, cells[5].teacher], [
      "mine",
      "experiments/teachers/resnet20",
      null,
    ]);
  });
});

await needs(
  ["read", "write"],
  "list: a folder has its path or its name as argument, in any case",
  () =>
    project(FILES, async (folder) => {
      for (
        const name of [
          "TOY",
          "experiments/toy",
          "experiments/toy/",
          join(folder, "experiments/toy"),
        ]
      ) {
        const lines = await outputOf(folder, "--json", "--paper", name);
        assertEquals(lines.map((line) => JSON.parse(line).paper), [
          "toy",
          "toy",
          "toy",
          "toy",
          "toy",
        ], name);
      }
    }),
);

await needs(
  ["read", "write"],
  "list: imageFolder is listed with its folder, in a table of our own and in a paper's",
  () => {
    const images =
      `const images = { ...dataset, id: "imageFolder", options: { folder: "cats.zip" } };`;
    const kd = FILES["experiments/toy/kd.ts"].replace("const kd8", `${images} const kd8`).replace(
      "{ dataset, teacher",
      "{ dataset: images, teacher",
    );
    return project({ ...FILES, "experiments/toy/kd.ts": kd }, async (folder) => {
      const cells = (await outputOf(folder, "--json")).map((line) => JSON.parse(line));
      const data = cells.filter(({ method }) => method === "kd").map(({ dataset }) => dataset);
      assertEquals(data, ["imageFolder(cats.zip)", "imageFolder(cats.zip)"]);
    });
  },
);

await needs(
  ["read", "write"],
  "list: the types of all tables are checked first, together",
  () =>
    project(
      { ...FILES, "experiments/toy/tables.ts": "throw new Error('imported')" },
      async (folder) => {
        const calls: (readonly string[])[] = [];
        const refusal = new Failure(2, "this does not compile");
        const check = (modules: readonly string[]) =>
          Promise.reject(calls.push(modules) && refusal);
        assertEquals(await assertRejects(() => runList([], () => {}, folder, check)), refusal);
        assertEquals(calls, [
          ["mine", "toy"].map((name) => join(folder, "experiments", name, "tables.ts")),
        ]);
      },
    ),
);

await needs(
  ["read", "write"],
  "list: measured trials come before quick ones, and quick before stale",
  () =>
    project(FILES, async (folder) => {
      const [{ id, experiment }] = await loadExperiments(
        join(folder, "experiments/toy/kd.ts#resnet20_resnet8"),
      );
      const hash = await declarationHash(experiment);
      const path = resultPath(folder, id);
      const state = async () => {
        const lines = await outputOf(folder, "--json", "--paper", "toy");
        const { state, n } = lines.map((line) => JSON.parse(line)).find(({ method }) =>
          method === "kd"
        );
        return [state, n];
      };
      await recordTrial(path, id, trial(1, 70));
      assertEquals(await state(), ["stale", 1]);
      await recordTrial(path, id, trial(2, 70, { quick: true }));
      assertEquals(await state(), ["quick", 1]);
      for (const seed of [3, 4]) {
        await recordTrial(path, id, trial(seed, 70, { declaration: hash }));
      }
      assertEquals(await state(), ["measured", 2]);
      const lines = (await outputOf(folder)).join("\n");
      assert(
        /^t1 +kd +resnet20 +resnet8 +toy +measured 2 +experiments\/toy\/kd#resnet20_resnet8$/m.test(
          lines,
        ),
        lines,
      );
      assertStringIncludes(
        lines,
        "toy: 5 cells: 4 not run, 1 measured; 3 without an experiment yet",
      );
    }),
);

await needs(
  ["read", "write"],
  "list: failures name the tables that exist",
  () =>
    project(FILES, async (folder) => {
      for (
        const [args, message] of [
          [
            ["--paper", "experiments/Toi"],
            "there are no tables of experiments/Toi; there are tables of mine, toy; did you mean toy?",
          ],
          [["--paper", "all"], "there are no tables of all; there are tables of mine, toy"],
          [["toy"], "for one paper: deno task list --paper toy"],
          [["--jsn"], "unknown flag --jsn"],
        ] as const
      ) {
        const failure = await assertRejects(() => outputOf(folder, ...args), Failure);
        assertEquals(failure.exit, 2);
        assertStringIncludes(failure.message, message);
      }
      assertStringIncludes((await outputOf(folder, "--help")).join("\n"), "--paper");
    }),
);

/** A module whose name and exports need quotes in a shell. */
const ODD = `${IMPORTS}
export const teacher = experiment(import.meta, { dataset, student: resnet20, distiller: scratch(), schedule });
export const first = experiment(import.meta, { dataset, teacher: from(teacher, { seed: 2 }), student: resnet8, distiller: kd(), schedule });
const last = experiment(import.meta, { dataset, teacher: from(first), student: resnet8, distiller: kd(), schedule });
export { last as "it's" };`;

await needs(
  ["read", "write", "env"],
  "list --pending: trials without a result, each after its teachers, as commands of a shell",
  () =>
    project({ ...FILES, "my experiments/odd.ts": ODD }, async (folder) => {
      const odd = `${folder}/my experiments/odd.ts`;
      assertEquals(await outputOf(folder, "--pending", "--commands", odd, "--seed", "2"), [
        "deno task exp 'my experiments/odd#teacher' --seed 2 --pending",
        "deno task exp 'my experiments/odd#first' --seed 1 --pending",
        "deno task exp 'my experiments/odd#first' --seed 2 --pending",
        "deno task exp 'my experiments/odd#it'\\''s' --seed 2 --pending",
      ]);
      assertEquals(
        (await outputOf(folder, "--pending", "--json", `${odd}#first`)).map((line) =>
          JSON.parse(line)
        ),
        [
          {
            id: "my experiments/odd#teacher",
            seed: 2,
            state: "missing",
            neededBy: "teacher of my experiments/odd#first seed 1",
          },
          { id: "my experiments/odd#first", seed: 1, state: "missing", neededBy: null },
        ],
      );
    }),
);

await needs(
  ["read", "write", "env"],
  "list --pending: a recorded trial is left out, unless another one lacks its weights",
  () =>
    project(FILES, async (folder) => {
      const teacher = "deno task exp experiments/teachers/resnet20 --seed 1 --pending";
      const student = (seed: number) =>
        `deno task exp experiments/toy/kd#resnet20_resnet8 --seed ${seed} --pending`;
      const commands = (...args: string[]) =>
        outputOf(folder, "--pending", "--commands", "--paper", "toy", ...args);
      assertEquals(await commands(), [teacher, student(1)]);
      await recordToyTrial(folder, "experiments/teachers/resnet20.ts", trial(1, 70));
      assertEquals(await commands(), [teacher, student(1)]);
      await recordToyTrial(
        folder,
        "experiments/toy/kd.ts#resnet20_resnet8",
        trial(1, 70, { quick: true }),
      );
      assertEquals(await commands(), [teacher, student(1)]);
      await recordToyTrial(folder, "experiments/toy/kd.ts#resnet20_resnet8", trial(1, 70));
      assertEquals(await commands(), []);
      assertEquals((await commands("--trials", "2")).at(-1), student(2));
      assertEquals(await outputOf(folder, "--pending", "--paper", "mine"), [
        "0 trials are to be trained",
      ]);
      const lines = (await outputOf(folder, "--pending", "--seed", "2", "--paper", "toy"))
        .join("\n");
      assert(
        /^experiments\/teachers\/resnet20 +1 +missing +teacher of .* seed 2$/m.test(lines),
        lines,
      );
      assertStringIncludes(lines, "3 trials are to be trained");
    }),
);

/** Students of a teacher after several epochs, one of a student, and one without a teacher. */
const EARLY = `${IMPORTS}import teacher from "../teachers/resnet20.ts";
  const of = (...from) => experiment(import.meta, { dataset, teacher: from[0], student: resnet8, distiller: from[0] ? kd() : scratch(), schedule });
  const last = of(from(teacher));
  export default { last, first: of(from(teacher, { epoch: 1 })), grand: of(from(last)), alone: of() };`;

await needs(
  ["read", "write", "env"],
  "list --pending --commands: what builds on a numbered epoch is one command, and its teacher has none",
  () =>
    project({ ...FILES, "experiments/toy/early.ts": EARLY }, async (folder) => {
      const early = join(folder, "experiments/toy/early.ts");
      const commands = (...args: string[]) => outputOf(folder, "--pending", "--commands", ...args);
      const id = (name: string) => `experiments/toy/early#${name}`;
      const all = ["last", "first", "grand"].map(id).join(" ");
      const expected = [1, 2].flatMap((seed) => [
        `deno task exp ${all} --seed ${seed} --pending`,
        `deno task exp ${id("alone")} --seed ${seed} --pending`,
      ]);
      const sorted = (lines: string[]) => lines.toSorted();
      assertEquals(await commands(early), expected.slice(0, 2));
      assertEquals(sorted(await commands(early, "--trials", "2")), sorted(expected));
      // The teacher that is asked for too is trained, and recorded, by its students' command.
      const teacher = join(folder, "experiments/teachers/resnet20.ts");
      assertEquals(await commands(teacher, early), expected.slice(0, 2));
      assertEquals(await commands(teacher, `${early}#first`), [
        `deno task exp ${id("first")} --seed 1 --pending`,
      ]);
    }),
);

await needs(
  ["read", "write", "env"],
  "list --pending: a trial that is done and not recorded is listed, with the command that records it",
  () =>
    project(FILES, async (folder) => {
      const spec = join(folder, "experiments/teachers/resnet20.ts");
      const [{ experiment }] = await loadExperiments(spec);
      const settings = () => ({
        data: "",
        fresh: true,
        status: status({ quiet: true }),
        interrupted: () => false,
      });
      await writeRun({ experiment: () => Promise.resolve(experiment), settings }, "", 1, ["last"]);
      const pending = (...args: string[]) =>
        outputOf(folder, "--pending", "--paper", "toy", ...args);
      assertEquals(await pending("--commands"), [
        "deno task exp experiments/teachers/resnet20 --seed 1 --pending",
        "deno task exp experiments/toy/kd#resnet20_resnet8 --seed 1 --pending",
      ]);
      const [done] = (await pending("--json")).map((line) => JSON.parse(line));
      assertEquals(done, {
        id: "experiments/teachers/resnet20",
        seed: 1,
        state: "done, not recorded",
        neededBy: null,
      });
      const lines = (await pending()).join("\n");
      assertMatch(lines, /^experiments\/teachers\/resnet20 +1 +done, not recorded +asked for$/m);
      assertStringIncludes(lines, "1 trial is to be trained, 1 trial is done and to be recorded");
      await recordToyTrial(folder, "experiments/teachers/resnet20.ts", trial(1, 70));
      assertEquals((await pending("--commands")).length, 1);
    }),
);

await needs(
  ["read", "write", "env"],
  "list --pending: flags that do not go together",
  () =>
    project(FILES, async (folder) => {
      for (
        const [args, message] of [
          [["--commands"], "--commands needs --pending"],
          [["--seed", "2"], "--seed needs --pending"],
          [["--seed", "0"], "--seed needs --pending"],
          [["--pending", "--commands", "--json"], "--json and --commands exclude each other"],
          [["--pending", "Toi"], "did you mean toy?"],
          [["--pending", `${folder}/experiments/toy/kd.ts#resnet`], "no experiment called resnet"],
        ] as const
      ) {
        const failure = await assertRejects(() => outputOf(folder, ...args), Failure);
        assertEquals(failure.exit, 2);
        assertStringIncludes(failure.message, message);
      }
    }),
);
