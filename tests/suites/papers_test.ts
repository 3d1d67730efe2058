/** Our copies of the papers' numbers equal the transcripts that they were made from. */
import { assertEquals } from "@std/assert";
import { type PaperTable, readPaper } from "../../lib/tables/paper.ts";
import { round } from "../../lib/values/numbers.ts";
import { type Summary, summary } from "../../lib/values/statistics.ts";
import { type Name, networkName, testTranscript, type Value } from "../support/transcripts.ts";

/** Reads our tables of a paper. */
async function readTables(name: Name): Promise<ReadonlyMap<string, PaperTable>> {
  const { tables } = await readPaper(
    new URL(`../../experiments/${name}/paper.yaml`, import.meta.url).pathname,
  );
  return new Map(tables.map((table) => [table.id, table]));
}

/** The ids of our tables by the transcripts' ids. Default: the same id. */
const ID: Readonly<Record<string, string>> = {
  "shake-slides-cifar100": "shake-cifar100",
  "shake-slides-imagenet-resnet34-resnet18": "shake-imagenet-resnet34-resnet18",
  "shake-slides-imagenet-resnet50-mobilenetv1": "shake-imagenet-resnet50-mobilenetv1",
  "shake-poster-distillation-direction": "shake-direction",
  "shake-poster-shadow-design": "shake-design",
  "shake-poster-summary": "shake-summary",
  "shake-repository-logs": "shake-logs",
  "sakd-readme-cifar100-same": "sakd-cifar100-same",
  "sakd-readme-cifar100-different": "sakd-cifar100-different",
  "sakd-readme-tiny-imagenet": "sakd-tiny-imagenet",
};

/**
 * Our name of a row: `sakd+fitnet` is `sakd_fitnets`, and the poster's shared shadow is SHAKE
 * itself.
 */
const rowOf = (method: string) =>
  method === "shake_share" ? "shake" : method.replaceAll("+", "_").replaceAll("fitnet", "fitnets");

/** Normalises a number of a transcript or of a table. */
function normalise(value: Value | Summary): Summary | null {
  if (value === null || typeof value === "number") return value === null ? null : { mean: value };
  const { mean, std } = value;
  return { mean, ...typeof std === "number" && { std } };
}

/** Computes the mean and the standard deviation of some runs, to two decimals. */
function summarise(runs: readonly number[]): Summary {
  const { mean, std, n } = summary(runs)!;
  return { mean: round(mean), ...std !== undefined && { std: round(std) }, n };
}

/** Gives the columns of one of our tables with the transcripts' names. */
const columnsOf = ({ columns }: PaperTable) =>
  columns.map((
    { teacher, student, metric },
  ) => [networkName(teacher), networkName(student), metric]);

for (const name of ["shake", "slkd", "sakd"] as const) {
  await testTranscript(
    name,
    "every number of every table is the transcript's",
    async ({ tables, missing_tables = [] }) => {
      const copies = await readTables(name);
      const others = name === "shake" ? ["shake-figure-4", "shake-vit", "shake-coco"] : [];
      const ids = [...tables, ...missing_tables].map(({ id }) => ID[id] ?? id);
      assertEquals([...copies.keys()].sort(), [...ids, ...others].sort());
      for (const { id } of missing_tables) {
        assertEquals(
          copies.get(id)!.rows.flatMap(({ values }) => values).filter((value) => value !== null),
          [],
          id,
        );
      }
      for (const { id, dataset, metric, columns, rows } of tables) {
        const table = copies.get(ID[id] ?? id)!;
        const raw = id === "shake-repository-logs" ? rows.slice(0, 1) : rows;
        assertEquals(table.dataset, dataset === "tiny-imagenet" ? "tinyImagenet" : dataset, id);
        assertEquals(
          columnsOf(table),
          columns.map((column) => [
            // The poster's first column fits two teachers. Ours is the one of KD+'s number.
            column.teacher ?? column.teacher_inferred ?? "resnet110",
            column.student ?? column.student_inferred,
            column.metric ?? metric,
          ]),
          id,
        );
        const group = {
          same: "Same architectural style",
          different: "Different architectural style",
        };
        assertEquals(
          table.columns.map(({ group }) => group),
          columns.map(({ style }) => style && group[style]),
          id,
        );
        assertEquals(
          table.rows.slice(0, raw.length).map((
            { method, delta, values },
          ) => [method, delta, values.map(normalise)]),
          raw.map(({ method, of, over, values }) => [
            rowOf(method),
            of && over ? { of: rowOf(of), over: rowOf(over) } : undefined,
            values.map(normalise),
          ]),
          id,
        );
        if (raw === rows) assertEquals(table.rows.length, rows.length, id);
      }
    },
  );
}

await testTranscript(
  "shake",
  "the released logs are the mean and the deviation of their runs",
  async ({ tables }) => {
    const { columns, rows } = tables.find(({ id }) => id === "shake-repository-logs")!;
    const copies = await readTables("shake");
    const logs = copies.get("shake-logs")!;
    const shake = logs.rows.find(({ method }) => method === "shake")!;
    const best = columns.map(({ best_per_run }) => summarise(best_per_run!));
    const last = columns.map(({ last_per_run }) => summarise(last_per_run!));
    assertEquals(best.map(normalise), rows[1].values.map(normalise));
    assertEquals(last.map(normalise), rows[2].values.map(normalise));
    assertEquals([logs.rows.length, shake.values, shake.logs], [2, best, { best, last }]);

    const slides = copies.get("shake-cifar100")!;
    const at = new Map(columnsOf(logs).map((pair, i) => [pair.join(), i]));
    const beside = (of: Summary[]) =>
      columnsOf(slides).map((pair) => of[at.get(pair.join())!] ?? null);
    assertEquals(
      slides.rows.filter(({ logs }) => logs).map(({ method, logs }) => [method, logs]),
      [["shake", { best: beside(best), last: beside(last) }]],
    );
  },
);

await testTranscript(
  "shake",
  "figure 4 has the values that were read off it",
  async ({ figures }) => {
    const valuesOf = (id: string) =>
      figures.find((figure) => figure.id === id)!.approximate_values!;
    const kl = valuesOf("shake-fig-4-kl");
    const top1 = valuesOf("shake-fig-4-accuracy");
    const none = [null, null, null, null];
    const table = (await readTables("shake")).get("shake-figure-4")!;
    assertEquals(
      columnsOf(table),
      ["kl", "top1"].flatMap((metric) =>
        ["resnet32", "resnet44", "resnet56", "resnet110"].map((
          teacher,
        ) => [teacher, "resnet20", metric])
      ),
    );
    assertEquals(
      table.rows.map(({ method, values }) => [method, values]),
      ["kd", "dml", "shake"].map((
        method,
      ) => [method, [...(kl[method] ?? none), ...top1[method]].map(normalise)]),
    );
  },
);
