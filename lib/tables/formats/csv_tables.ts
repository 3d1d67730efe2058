import { roundPercentage } from "../../values/numbers.ts";
import type { Summary } from "../../values/statistics.ts";
import type { FilledOwnTable, FilledPaperTable, FilledTable } from "../filled_tables.ts";
import { ownRows } from "../own_rows.ts";
import { comparisons } from "../paired.ts";
import { comparedEpochs, paperColumn } from "../paper_column.ts";
import { subtractPrinted } from "../printed.ts";

const HEADER = [
  ...["table", "group", "method", "teacher", "student", "metric", "epoch"] as const,
  ...["mean", "std", "n", "low", "high", "verdict"] as const,
  ...[
    "paper_mean",
    "paper_std",
    "paper_n",
    "difference",
    "logs_mean",
    "logs_std",
    "logs_n",
  ] as const,
];

type Line = { readonly [N in (typeof HEADER)[number]]?: Field };

/**
 * Formats tables as one CSV in long form: a line for each cell and epoch with a number of ours, the
 * paper or its authors' released logs. The paper's number is on the line of the epoch at which it
 * is compared. Differences, also between rows, are of numbers as READMEs print them. The metric of
 * a paired difference is `top1_minus_` (or the like) and the other row. Its line has the ends of
 * the 95 % interval and the verdict. A paper's number beside a table of our own has a line of its
 * own, whose group is the heading of its column.
 */
export function csvTables(tables: readonly FilledTable[]): string {
  return csv(
    HEADER,
    tables.flatMap((filled) => filled.kind === "paper" ? paperLines(filled) : ownLines(filled)),
  );
}

function paperLines({ table, at }: FilledPaperTable): Line[] {
  const columns = table.columns.map((column, i) => paperColumn(table, i, (row) => at(row, column)));
  const [first, second] = comparedEpochs(table);
  const lines = table.rows.flatMap(({ method }, r) =>
    table.columns.flatMap((column, c): Line[] => {
      const { ours, other, paper, logs } = columns[c][r];
      const released = new Map(logs);
      const place = { table: table.id, method, ...column };
      const printed = {
        ...numbers(paper, "paper_"),
        difference: subtractPrinted(ours, paper)?.mean,
      };
      return [
        {
          ...place,
          epoch: first,
          ...numbers(ours),
          ...printed,
          ...numbers(released.get(first), "logs_"),
        },
        { ...place, epoch: second, ...numbers(other), ...numbers(released.get(second), "logs_") },
      ];
    })
  );
  return lines.filter((line) =>
    [line.mean, line.paper_mean, line.logs_mean].some((mean) => mean !== undefined)
  );
}

function ownLines(
  { id: table, rows: labelled, against, names, printed }: FilledOwnTable,
): Line[] {
  const { columns, rows } = ownRows(labelled, names, printed);
  const pairs = comparisons(labelled, against);
  const lines = rows.flatMap(({ label: method, teachers, student, cells, papers }): Line[] => {
    const place = { table, method, teacher: teachers.join("+"), student };
    const differences = pairs.filter(({ label }) => label === method).map(
      ({ against, task, paired }): Line => {
        const { interval, verdict } = paired;
        const metric = `${task.primary}_minus_${against}`;
        const low = interval && roundPercentage(interval.low);
        const high = interval && roundPercentage(interval.high);
        return { ...place, metric, epoch: "last", ...numbers(paired), low, high, verdict };
      },
    );
    return [
      ...columns.map(({ metric, epoch }, c) => ({ ...place, metric, epoch, ...numbers(cells[c]) })),
      ...differences,
      ...printed.map(({ title: group, metric, epoch }, i) => ({
        ...{ ...place, group, metric, epoch },
        ...numbers(papers[i], "paper_"),
      })),
    ];
  });
  return lines.filter((line) => line.mean !== undefined || line.paper_mean !== undefined);
}

/** A summary as fields whose names begin with `prefix`. */
function numbers(summary: Summary | undefined, prefix: "" | "paper_" | "logs_" = ""): Line {
  if (!summary) return {};
  const { mean, std, n } = summary;
  return {
    [`${prefix}mean`]: roundPercentage(mean),
    [`${prefix}std`]: std && roundPercentage(std),
    [`${prefix}n`]: n,
  };
}

/** A field of a CSV file; empty if `undefined`. */
export type Field = string | number | undefined;

/**
 * Formats records as CSV with a header. A field with a comma, a quote or a line break is quoted, as
 * in RFC 4180. Lines end in `\n`.
 */
export function csv<const N extends string>(
  header: readonly N[],
  records: readonly { readonly [K in N]?: Field }[],
): string {
  const lines = [header, ...records.map((record) => header.map((name) => record[name]))];
  return lines.map((fields: readonly Field[]) => fields.map(quote).join(",")).join("\n");
}

function quote(field: Field): string {
  const text = String(field ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
