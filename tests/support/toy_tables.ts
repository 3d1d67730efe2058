/** A project with a table of every kind, for the tests of the formats. */
import { join } from "node:path";
import { runTables } from "../../lib/commands/tables.ts";
import { IMPORTS, project, recordToyTrial, skipTypeCheck } from "./toy_project.ts";
import { trial } from "./trial.ts";

const PAPER = `
paper: { title: A paper, authors: [A. One], venue: arXiv, year: 2020 }
tables:
  - id: t1
    title: Table 1
    metric: top1
    selection: best
    columns: [{ teacher: resnet20, student: resnet8, group: "old, 5%" }, { teacher: resnet56, student: resnet8, group: new }]
    rows:
      - { method: student, values: [70.36, 70.36] }
      - { method: kd, printed: KD†, values: [{ mean: 72.98, std: 0.1, n: 3 }, null] }
      - { method: slkd, printed: "SLKD*", values: [75.01, 74], logs: { last: [{ mean: 74.5, n: 1 }, null] } }
      - { method: gain, kind: delta, of: slkd, over: kd, values: [2.03, null] }
`;

const FILES = {
  "experiments/toy/paper.yaml": PAPER,
  "experiments/toy/teacher.ts":
    `${IMPORTS}export default experiment(import.meta, { dataset, student: resnet20, distiller: scratch(), schedule });`,
  "experiments/toy/kd.ts": `${IMPORTS}import teacher from "./teacher.ts";
    export default experiment(import.meta, { dataset, teacher: from(teacher), student: resnet8, distiller: kd(), schedule });`,
  "experiments/toy/hot_kd.ts": `${IMPORTS}import teacher from "./teacher.ts";
    export default experiment(import.meta, { dataset, teacher: from(teacher), student: resnet8, distiller: kd({ temperature: 8 }), schedule });`,
  "experiments/toy/tables.ts":
    `${IMPORTS}import kd_ from "./kd.ts"; import teacher from "./teacher.ts"; import hot_kd from "./hot_kd.ts";
    export default tables({ paper: "./paper.yaml", tables: [
      { ids: ["t1"], rows: { kd: { resnet20_resnet8: kd_ }, slkd: { resnet20_resnet8: hot_kd } } },
      { id: "mine", title: "Mine, 100 %", rows: { teacher, kd: kd_, hot_kd }, against: kd_ },
    ] });`,
};

/** Runs `deno task tables` on that project. Returns the printed text. */
export async function formatted(format: "csv" | "latex"): Promise<string> {
  const lines: string[] = [];
  await project(FILES, async (folder) => {
    const seeds = [["teacher", [80]], ["kd", [72, 74]], ["hot_kd", [73, 75.1, 76]]] as const;
    for (const [name, top1] of seeds) {
      for (const [i, one] of top1.entries()) {
        await recordToyTrial(folder, `experiments/toy/${name}.ts`, trial(i + 1, one));
      }
    }
    await recordToyTrial(folder, "experiments/toy/kd.ts", trial(3, 1, { quick: true }));
    await runTables(
      ["--format", format, join(folder, "experiments/toy")],
      (line) => lines.push(line),
      skipTypeCheck,
    );
  });
  return lines.join("\n");
}
