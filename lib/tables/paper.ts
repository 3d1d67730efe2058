/**
 * A paper's own numbers, as `paper.yaml` has them.
 *
 * @module
 */
import { parse } from "@std/yaml";
import { Failure } from "../values/failure.ts";
import {
  arrayOf,
  looseObject,
  nullable,
  number,
  oneOf,
  optional,
  readAs,
  type Reader,
  text,
} from "../values/reader.ts";
import type { Summary } from "../values/statistics.ts";

/** A paper: how it is cited, and its tables. */
export interface Paper {
  /** Its title. */
  readonly title: string;
  /** Who wrote it. */
  readonly authors: readonly string[];
  /** Where it appeared. */
  readonly venue: string;
  /** When it appeared. */
  readonly year: number;
  /** The address of its code. */
  readonly code?: string;
  /** Its tables. */
  readonly tables: readonly PaperTable[];
}

/** A table of a paper. */
export interface PaperTable {
  /** What it is called here, e.g. `slkd-table-1`. */
  readonly id: string;
  /** What it shows. */
  readonly title: string;
  /**
   * The data set, as its function is called, e.g. `cifar100`; absent where the file does not say.
   */
  readonly dataset?: string;
  /** Which of a run's epochs its numbers are of; `null` where the paper does not say. */
  readonly selection: "last" | "best" | null;
  /** Over which runs its numbers are; `null` where the paper does not say. */
  readonly aggregate: string | null;
  /** What each column is of. */
  readonly columns: readonly Column[];
  /** Its rows, differences between rows among them. */
  readonly rows: readonly PaperRow[];
  /** What a reader has to know of the printed numbers. */
  readonly notes: readonly string[];
}

/** What a column is of. */
export interface Column {
  /** The network that teaches, by its id: `vgg13`, `imagenet.resnet34`. */
  readonly teacher: string;
  /** The network that learns, by its id. */
  readonly student: string;
  /**
   * What is measured: a measure of the task, `time_ratio` (the time of a training step as a
   * multiple of the row `kd`'s) …
   */
  readonly metric: string;
  /** What the paper prints above it and its neighbours of the same group. */
  readonly group?: string;
}

/** A row of a paper's table. */
export interface PaperRow {
  /**
   * The method, as in `lib/distillers/`; `teacher` and `student` are the networks trained alone.
   */
  readonly method: string;
  /** The method as the paper prints it, where that is different. */
  readonly printed?: string;
  /** The rows it is the difference of. */
  readonly delta?: {
    /** The row that is subtracted from. */
    readonly of: string;
    /** The row that is subtracted. */
    readonly over: string;
  };
  /** The printed number of each column; `null` where there is none. */
  readonly values: readonly (Summary | null)[];
  /** What the logs that the authors released say of each column, by epoch. */
  readonly logs?: { readonly [E in "last" | "best"]?: readonly (Summary | null)[] };
}

/**
 * The paper in a file. Rejects with a `Failure` (exit 2) that names file and member where it is
 * missing or malformed.
 */
export async function readPaper(path: string): Promise<Paper> {
  const refuse = (problem: string) => new Failure(2, `${path}: ${problem}`);
  const yaml = await Deno.readTextFile(path).catch((cause) => {
    throw refuse(cause instanceof Deno.errors.NotFound ? "there is no such file" : cause.message);
  });
  return parsePaper(yaml, path);
}

/**
 * The paper in a text of YAML. Throws a `Failure` (exit 2) that names the member where it is
 * malformed.
 */
export function parsePaper(yaml: string, path: string): Paper {
  const refuse = (problem: string) => new Failure(2, `${path}: ${problem}`);
  let value: unknown;
  try {
    value = parse(yaml);
  } catch (error) {
    throw refuse(`this is no YAML: ${(error as Error).message}`);
  }
  const { paper, tables } = readAs(value, file, refuse);
  const ids = tables.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice !== undefined) throw refuse(`table ${twice} is there twice`);
  return {
    ...paper,
    tables: tables.map((table) => checked(table, (problem) => refuse(`${table.id}: ${problem}`))),
  };
}

/**
 * A table by its id. Throws a `Failure` (exit 2) that names the module that asks and what there is.
 */
export function tableOf({ tables }: Paper, id: string, module: string): PaperTable {
  const table = tables.find((table) => table.id === id);
  if (table) return table;
  throw new Failure(
    2,
    `${module}: the paper has no table ${id}; it has ${tables.map(({ id }) => id).join(", ")}`,
  );
}

/** What a row is called: as it is printed, else a difference by its rows, else by its method. */
export function rowName({ method, printed, delta }: PaperRow, { rows }: PaperTable): string {
  const name = (method: string) => rows.find((row) => row.method === method)?.printed ?? method;
  return printed ?? (delta ? `Δ ${name(delta.of)} − ${name(delta.over)}` : method);
}

interface RawTable
  extends Omit<PaperTable, "selection" | "aggregate" | "columns" | "rows" | "notes"> {
  readonly selection?: "last" | "best" | null;
  readonly aggregate?: string | null;
  readonly metric: string | readonly string[];
  readonly columns: readonly (Omit<Column, "metric"> & { readonly metric?: string })[];
  readonly rows: readonly RawRow[];
  readonly notes?: readonly string[];
}

interface RawRow extends Omit<PaperRow, "delta"> {
  readonly kind?: "delta";
  readonly of?: string;
  readonly over?: string;
}

const spread = looseObject<Summary>({ mean: number, std: optional(number), n: optional(number) });
const value: Reader<Summary> = (value, at) =>
  typeof value === "number" ? { mean: number(value, at) } : spread(value, at);
const texts = arrayOf(text);
const values = arrayOf(nullable(value));

const file = looseObject<{ paper: Omit<Paper, "tables">; tables: RawTable[] }>({
  paper: looseObject<Omit<Paper, "tables">>({
    title: text,
    authors: texts,
    venue: text,
    year: number,
    code: optional(text),
  }),
  tables: arrayOf(looseObject<RawTable>({
    id: text,
    title: text,
    dataset: optional(text),
    selection: optional(nullable(oneOf("last", "best"))),
    aggregate: optional(nullable(text)),
    metric: (value, at) => Array.isArray(value) ? texts(value, at) : text(value, at),
    columns: arrayOf(
      looseObject<RawTable["columns"][number]>({
        teacher: text,
        student: text,
        metric: optional(text),
        group: optional(text),
      }),
    ),
    rows: arrayOf(looseObject<RawRow>({
      method: text,
      printed: optional(text),
      kind: optional(oneOf("delta")),
      of: optional(text),
      over: optional(text),
      values,
      logs: optional(
        looseObject<NonNullable<PaperRow["logs"]>>({
          last: optional(values),
          best: optional(values),
        }),
      ),
    })),
    notes: optional(texts),
  })),
});

/** A table whose parts fit together. */
function checked(raw: RawTable, refuse: (problem: string) => Failure): PaperTable {
  const { id, title, dataset, selection = null, aggregate = null, notes = [] } = raw;
  const methods = raw.rows.map(({ method }) => method);
  const columns = raw.columns.map(({ metric, group, ...pair }, i): Column => {
    const measured = metric ?? raw.metric;
    if (typeof measured !== "string") {
      throw refuse(`columns[${i}] needs its own metric, since the table has several`);
    }
    return { ...pair, metric: measured, ...group !== undefined && { group } };
  });
  const rows = raw.rows.map(({ kind, of, over, ...row }, i): PaperRow => {
    if (methods.indexOf(row.method) < i) throw refuse(`the row ${row.method} is there twice`);
    for (const { length } of [row.values, ...Object.values(row.logs ?? {})]) {
      if (length === columns.length) continue;
      throw refuse(`the row ${row.method} has ${length} values for ${columns.length} columns`);
    }
    if (kind === undefined) return row;
    for (const [key, method] of Object.entries({ of, over })) {
      const target = raw.rows.find((other) => other.method === method);
      if (target === undefined || target.kind) {
        throw refuse(`the row ${row.method}: \`${key}\` has to name a row, not ${method}`);
      }
    }
    return { ...row, delta: { of: of!, over: over! } };
  });
  return { id, title, ...dataset && { dataset }, selection, aggregate, columns, rows, notes };
}
