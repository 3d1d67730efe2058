import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { Lease, Leases } from "../../lib/files/lease.ts";
import { Failure } from "../../lib/values/failure.ts";
import { parsePaper } from "../../lib/tables/paper.ts";
import { runTables } from "../../lib/commands/tables.ts";
import { needs } from "../support/needs.ts";
import { IMPORTS, project, recordToyTrial, skipTypeCheck } from "../support/toy_project.ts";
import { trial } from "../support/trial.ts";

const disk = ["read", "write"] as const;

const PAPER = `
paper: { title: A paper, authors: [A. One, B. Two], venue: arXiv 2020, year: 2020, code: "https://example.org/code" }
tables:
  - id: t1
    title: Table 1
    metric: top1
    selection: last
    aggregate: mean of 3 runs
    columns: [{ teacher: resnet20, student: resnet8 }]
    rows: [{ method: teacher, values: [74.64] }, { method: student, values: [70.36] }, { method: kd, values: [72.98] }]
    notes: [A note.]
`;

const FILES = {
  "experiments/teachers/resnet20.ts":
    `${IMPORTS}export default experiment(import.meta, { dataset, student: resnet20, distiller: scratch(), schedule });`,
  "experiments/toy/kd.ts": `${IMPORTS}import teacher from "../teachers/resnet20.ts";
    export default experiment(import.meta, { dataset, teacher: from(teacher), student: resnet8, distiller: kd(), schedule });`,
  "experiments/toy/paper.yaml": PAPER,
  "experiments/toy/tables.ts":
    `${IMPORTS}import kd_ from "./kd.ts"; import resnet20_ from "../teachers/resnet20.ts";
    export default tables({ paper: "./paper.yaml", tables: [{ ids: ["t1"], rows: { teacher: { resnet20: resnet20_ }, kd: { resnet20_resnet8: kd_ } } }] });`,
  "experiments/mine/tables.ts":
    `${IMPORTS}import kd_ from "../toy/kd.ts"; import teacher from "../teachers/resnet20.ts";
    export default tables({ title: "Mine", tables: [{ id: "main", title: "All", rows: { teacher, kd: kd_ } }] });`,
};

/** Runs the command on the toy project's two folders. Returns its lines and its failure. */
async function run(
  folder: string,
  ...args: string[]
): Promise<{ lines: string[]; failure?: Failure }> {
  const lines: string[] = [];
  try {
    await runTables(
      [...args, join(folder, "experiments/toy"), join(folder, "experiments/mine")],
      (line) => lines.push(line),
      skipTypeCheck,
    );
    return { lines };
  } catch (failure) {
    if (failure instanceof Failure) return { lines, failure };
    throw failure;
  }
}

await needs(
  disk,
  "tables: READMEs are written once, prose is kept, new results are shown",
  () =>
    project(FILES, async (folder) => {
      const readme = (name: string) => join(folder, "experiments", name, "README.md");
      const text = (name: string) => Deno.readTextFile(readme(name));
      assertEquals((await run(folder)).lines.map((line) => line.split(" ").at(-1)), [
        "written",
        "written",
      ]);
      const empty = await text("toy");
      assertStringIncludes(
        empty,
        "# A paper\n\nA. One, B. Two. arXiv 2020. [Code](https://example.org/code).",
      );
      assertStringIncludes(empty, "[—](kd.ts)<br><sub>72.98</sub>");
      assertStringIncludes(empty, "- The paper's numbers: mean of 3 runs.\n- A note.");
      assert((await run(folder)).lines.every((line) => line.endsWith("is up to date")));

      const prose = empty.replace("<!-- table", "What we think.\n\n<!-- table") + "\nThe end.\n";
      await Deno.writeTextFile(readme("toy"), prose);
      assertEquals((await run(folder, "--check")).failure, undefined);
      assertEquals(await text("toy"), prose);

      await recordToyTrial(folder, "experiments/toy/kd.ts", trial(1, 71));
      await recordToyTrial(folder, "experiments/toy/kd.ts", trial(2, 73));
      await recordToyTrial(folder, "experiments/teachers/resnet20.ts", trial(1, 75));
      const check = await run(folder, "--check");
      assertEquals(check.failure!.exit, 1);
      for (const name of ["toy", "mine"]) {
        assertStringIncludes(check.failure!.message, `${name}/README.md`);
      }
      assertEquals(await text("toy"), prose);

      await run(folder);
      const full = await text("toy");
      assertStringIncludes(
        full,
        "[72.00 ± 1.41 (2)](kd.ts)<br><sub>72.98 · −0.98<br>72.50 ± 1.41</sub>",
      );
      assertStringIncludes(
        full,
        "[75.00 (1)](../teachers/resnet20.ts)<br><sub>74.64 · +0.36<br>75.50</sub>",
      );
      assertStringIncludes(full, "What we think.\n\n<!-- table: t1 -->");
      assert(full.endsWith("<!-- /table -->\n\nThe end.\n"));
      assertStringIncludes(await text("mine"), "**72.00 ± 1.41 (2)**".replaceAll("**", ""));
      assertEquals((await run(folder, "--check")).failure, undefined);
      await run(folder);
      assertEquals(await text("toy"), full);
    }),
);

await needs(
  disk,
  "tables: a format prints the tables and writes nothing",
  () =>
    project(FILES, async (folder) => {
      for (
        const [format, first] of [["csv", "table,group,method"], [
          "latex",
          "% t1: Table 1.",
        ]] as const
      ) {
        const { lines, failure } = await run(folder, "--format", format);
        assertEquals([failure, lines.length], [undefined, 1]);
        assert(lines[0].startsWith(first), lines[0]);
        await assertRejects(
          () => Deno.stat(join(folder, "experiments/toy/README.md")),
          Deno.errors.NotFound,
        );
        const both = (await run(folder, "--check", "--format", format)).failure!;
        assertEquals(both.exit, 2);
        assertStringIncludes(both.message, "leave one of them out");
      }
      assertEquals((await run(folder, "--format", "html")).failure!.exit, 2);
      assertEquals((await run(folder, "--format", "markdown")).lines.length, 2);
    }),
);

await needs(disk, "tables: a paper's folder may have tables of our own too", () => {
  const module = FILES["experiments/toy/tables.ts"];
  const own =
    `{ id: "mine", title: "Mine", rows: { alone: resnet20_, kd: kd_ }, against: resnet20_ }`;
  const both = {
    ...FILES,
    "experiments/toy/tables.ts": module.replace("tables: [{", `tables: [${own}, {`),
  };
  return project(both, async (folder) => {
    await recordToyTrial(folder, "experiments/toy/kd.ts", trial(1, 71));
    await run(folder);
    const text = await Deno.readTextFile(join(folder, "experiments/toy/README.md"));
    const places = [
      "# A paper",
      "<!-- table: mine -->",
      "## Mine",
      "[kd](kd.ts)",
      "<!-- table: t1 -->",
      "## Table 1",
    ];
    assertEquals(
      places.map((place) => text.indexOf(place)),
      places.map((place) => text.indexOf(place)).sort((a, b) => a - b),
    );
    assert(text.indexOf(places[0]) >= 0);
  });
});

await needs(
  disk,
  "tables: a table of our own has teachers and method settings in every format",
  () => {
    const again = `${IMPORTS}import teacher from "../teachers/resnet20.ts";
    export default experiment(import.meta, { dataset, teacher: from(teacher, { seed: 2 }), student: resnet8, distiller: kd({ temperature: 8 }), schedule });`;
    const module = FILES["experiments/mine/tables.ts"]
      .replace("import kd_", 'import again from "./again.ts"; import kd_').replace(
        "kd: kd_",
        "kd: kd_, again",
      );
    const files = {
      ...FILES,
      "experiments/mine/again.ts": again,
      "experiments/mine/tables.ts": module,
    };
    return project(files, async (folder) => {
      await recordToyTrial(folder, "experiments/mine/again.ts", trial(1, 71));
      const mine = join(folder, "experiments/mine");
      const lines: string[] = [];
      for (const format of ["markdown", "csv", "latex"]) {
        await runTables(["--format", format, mine], (line) => lines.push(line), skipTypeCheck);
      }
      const text = await Deno.readTextFile(join(mine, "README.md"));
      const [, csv, latex] = lines;
      assertStringIncludes(text, "| resnet20 (seed 2) |");
      assertStringIncludes(csv, "again,resnet20 (seed 2),resnet8,");
      assertStringIncludes(latex, "again & resnet20 (seed 2) & resnet8 &");
      assertStringIncludes(
        text,
        "- kd (temperature 4, ce 0.1, kd 0.9)\n- again: as kd, but temperature 8\n",
      );
      const own = text.slice(text.indexOf("**Settings**"));
      assert(!/^- teacher/m.test(own), own);
    });
  },
);

await needs(
  [...disk, "run"],
  "tables: READMEs have deno fmt's format",
  () =>
    project(FILES, async (folder) => {
      await recordToyTrial(folder, "experiments/toy/kd.ts", trial(1, 71));
      await recordToyTrial(folder, "experiments/toy/kd.ts", trial(2, 73, { quick: true }));
      await run(folder);
      const files = [
        "experiments/toy/README.md",
        "experiments/mine/README.md",
        "experiments/toy/kd.json",
      ];
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["fmt", "--check", "--no-config", "--line-width=100", ...files],
        cwd: folder,
        env: { NO_COLOR: "1" },
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
    }),
);

await needs(
  [...disk, "run"],
  "tables: the process has the failure's exit code and message",
  () =>
    project({ ...FILES, "experiments/other/a.ts": "" }, async (folder) => {
      const command = async (...args: string[]) => {
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "-A",
            "--no-check",
            "--config",
            url("../../deno.json"),
            url("../../lib/commands/tables.ts"),
            ...args,
          ],
          cwd: folder,
          env: { NO_COLOR: "1" },
        }).output();
        return [code, new TextDecoder().decode(code === 0 ? stdout : stderr)] as const;
      };
      const [late, out] = await command("--check");
      assertEquals([late, out.trim()], [
        1,
        "out of date: experiments/mine/README.md, experiments/toy/README.md; deno task tables writes them",
      ]);
      assertEquals((await command())[0], 0);
      assertEquals((await command("--check"))[0], 0);
      const [unknown, error] = await command("--chek");
      assertEquals([unknown, error.trim()], [2, "unknown flag --chek; did you mean --check?"]);
      assertEquals(await command("toy"), [0, "experiments/toy/README.md is up to date\n"]);
      const [wrong, has] = await command("experiments/other");
      assertEquals([wrong, has.trim()], [
        2,
        "there are no tables of experiments/other; there are tables of mine, toy",
      ]);

      const misspelt = FILES["experiments/mine/tables.ts"].replace(
        "rows:",
        "aginst: teacher, rows:",
      );
      await Deno.writeTextFile(
        join(folder, "experiments/other/tables.ts"),
        misspelt.replace("kd: kd_", "kd: kd_.kdd"),
      );
      const [mistyped, compiler] = await command("other");
      assertEquals(mistyped, 2, compiler);
      assertStringIncludes(compiler, "this does not compile:");
      assertStringIncludes(compiler, "'aginst' does not exist in type");
      assertStringIncludes(compiler, "Property 'kdd' does not exist on type");
    }),
);

const url = (path: string): string => new URL(path, import.meta.url).pathname;

await needs(
  disk,
  "tables: a failure names the faulty file, and nothing is written",
  () =>
    project(FILES, async (folder) => {
      const at = (name: string) => join(folder, "experiments/toy", name);
      const wrong = FILES["experiments/toy/tables.ts"];
      let count = 0;
      for (
        const [module, exit, ...parts] of [
          [
            FILES["experiments/mine/tables.ts"].replace(
              "rows: { teacher,",
              "against: teacher, rows: {",
            ),
            2,
            "tables.ts: main: `against` has to be one of the rows",
          ],
          [wrong.replace('"t1"', '"t2"'), 2, "tables.ts", "the paper has no table t2; it has t1"],
          [wrong.replace('["t1"]', '["t1", "t1"]'), 2, "tables.ts", "the table t1 twice"],
          [
            wrong.replace("resnet20_resnet8:", "resnet8_resnet20:"),
            2,
            "no column resnet8_resnet20 in the row kd; there are resnet20_resnet8",
          ],
          [
            wrong.replace("./paper.yaml", "./papers.yaml"),
            2,
            "papers.yaml",
            "there is no such file",
          ],
          ["export default 3;", 2, "tables.ts exports no tables"],
          ["throw new Error('oh')", 2, "cannot import", "oh"],
        ] as const
      ) {
        // A process imports a module only once, so each mistake needs a folder of its own.
        const other = join(folder, "experiments", `wrong${count++}`);
        await Deno.mkdir(other);
        await Deno.writeTextFile(
          join(other, "tables.ts"),
          module.replaceAll("./kd.ts", "../toy/kd.ts"),
        );
        await Deno.copyFile(at("paper.yaml"), join(other, "paper.yaml"));
        const failure = await assertRejects(
          () => runTables([other], () => {}, skipTypeCheck),
          Failure,
        );
        assertEquals(failure.exit, exit);
        for (const text of parts) assertStringIncludes(failure.message, text);
        await assertRejects(() => Deno.stat(join(other, "README.md")), Deno.errors.NotFound);
      }
      const papers: readonly [string, string, ...string[]][] = [
        ["student: resnet8", "student: resnet7", "did you mean resnet8?"],
        ["teacher: resnet20", "teacher: resnet21", "did you mean resnet20?"],
        ["teacher: resnet20", "teacher: nobody", "`deno task describe` lists Retort's"],
      ];
      for (const [from, to, part] of papers) {
        const other = join(folder, "experiments", `wrong${count++}`);
        const paper = join(other, "paper.yaml");
        await Deno.mkdir(other);
        await Deno.writeTextFile(
          join(other, "tables.ts"),
          wrong.replaceAll("./kd.ts", "../toy/kd.ts"),
        );
        await Deno.writeTextFile(paper, PAPER.replace(from, to));
        const failure = await assertRejects(
          () => runTables([other], () => {}, skipTypeCheck),
          Failure,
        );
        assertEquals(failure.exit, 2);
        assertStringIncludes(
          failure.message,
          `${paper}: t1: there is no network ${to.split(" ")[1]}; `,
        );
        assertStringIncludes(failure.message, part);
      }
      await recordToyTrial(folder, "experiments/toy/kd.ts", trial(1, 71));
      const result = await Deno.readTextFile(at("kd.json"));
      await Deno.writeTextFile(
        at("kd.json"),
        result.replace("experiments/toy/kd", "experiments/toy/dk"),
      );
      const another = (await run(folder)).failure!;
      assertEquals(another.exit, 3);
      assertStringIncludes(
        another.message,
        `${at("kd.json")} names the experiment experiments/toy/dk`,
      );
      assertStringIncludes(
        another.message,
        "the result of experiments/toy/kd belongs there: move it to experiments/toy/dk.json, or",
      );
      await Deno.writeTextFile(at("kd.json"), "{}");
      const { failure } = await run(folder);
      assertEquals(failure!.exit, 3);
      assertStringIncludes(failure!.message, at("kd.json"));
      await Deno.remove(at("kd.json"));
      await Deno.writeTextFile(at("README.md"), "<!-- table: t1 -->\nmine\n");
      assertEquals((await run(folder)).failure!.exit, 2);
      assertEquals(await Deno.readTextFile(at("README.md")), "<!-- table: t1 -->\nmine\n");
    }),
);

await needs(
  ["read"],
  "tables: SLKD's printed differences match its printed numbers",
  async () => {
    const path = url("../../experiments/slkd/paper.yaml");
    const { tables } = parsePaper(await Deno.readTextFile(path), path);
    assertEquals(tables.map(({ rows, columns }) => rows.length * columns.length), [
      72,
      60,
      8,
      8,
      12,
      12,
      6,
      24,
      20,
    ]);
    for (const { rows } of tables) {
      const values = (method: string) =>
        rows.find((row) => row.method === method)!.values.map((value) => value!.mean);
      for (const { method, delta } of rows) {
        if (!delta) continue;
        const of = values(delta.of);
        const over = values(delta.over);
        values(method).forEach((value, i) =>
          assert(Math.abs(of[i] - over[i] - value) < 1e-9, `${method}, column ${i}`)
        );
      }
    }
  },
);

await needs(
  disk,
  "tables: what another process writes while one waits for the README stays",
  () =>
    project(FILES, async (folder) => {
      await run(folder);
      const path = join(folder, "experiments/mine/README.md");
      const kept = `${await Deno.readTextFile(path)}\nProse of the other process.\n`;
      await recordToyTrial(folder, "experiments/toy/kd.ts", trial(1, 71));
      const held = new Leases().take(`${path}.lock`);
      assert(held instanceof Lease);
      const waiting = run(folder);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await Deno.writeTextFile(path, kept);
      held[Symbol.dispose]();
      assertEquals((await waiting).failure, undefined);
      const text = await Deno.readTextFile(path);
      assertStringIncludes(text, "71.00");
      assertStringIncludes(text, "Prose of the other process.");
    }),
);
