/**
 * The numbers that a paper printed, read from `paper.yaml`.
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

/** A paper: its citation and its tables. */
export interface Paper {
  readonly title: string;
  readonly authors: readonly string[];
  readonly venue: string;
  readonly year: number;
  /** The URL of its code. */
  readonly code?: string;
  readonly tables: readonly PaperTable[];
}

/** A table of a paper. */
export interface PaperTable {
  /** Its id in this project, e.g. `slkd-table-1`. */
  readonly id: string;
  readonly title: string;
  /** The name of the data set's function, e.g. `cifar100`; `undefined` if the file has none. */
  readonly dataset?: string;
  /** The epoch at which the paper's numbers were taken; `null` if the paper does not say. */
  readonly selection: "last" | "best" | null;
  /** The runs that the paper's numbers summarise; `null` if the paper does not say. */
  readonly aggregate: string | null;
  readonly columns: readonly Column[];
  /** Its rows, including differences between rows. */
  readonly rows: readonly PaperRow[];
  /** Remarks that a reader of the printed numbers needs. */
  readonly notes: readonly string[];
}

/** A column of a paper's table: a pair of networks and a metric. */
export interface Column {
  /** The id of the teacher network: `vgg13`, `imagenet.resnet34`. */
  readonly teacher: string;
  /** The id of the student network. */
  readonly student: string;
  /**
   * The id of the network in the row `student`, if methods change the student itself: a DeiT is a
   * ViT with a distillation token. Default: `student`.
   */
  readonly alone?: string;
  /**
   * A measure of the task, `time_ratio` (the time of a training step as a multiple of that of the
   * row `kd`) …
   */
  readonly metric: string;
  /** The heading that the paper prints above this column and its neighbours in the group. */
  readonly group?: string;
}

/** A row of a paper's table. */
export interface PaperRow {
  /** The method's id in `lib/distillers/`; `teacher` and `student` are networks trained alone. */
  readonly method: string;
  /** The name that the paper prints, if it is different. */
  readonly printed?: string;
  /** The methods of the two rows whose difference this row is: `of` minus `over`. */
  readonly delta?: { readonly of: string; readonly over: string };
  /** The printed number of each column; `null` if there is none. */
  readonly values: readonly (Summary | null)[];
  /** The numbers of each column in the logs that the authors released, by epoch. */
  readonly logs?: { readonly [E in "last" | "best"]?: readonly (Summary | null)[] };
}

/**
 * Reads a paper from a file. Rejects with a `Failure` (exit 2) that names the file and the member
 * if the file is missing or malformed.
 */
export async function readPaper(path: string): Promise<Paper> {
  const refuse = (problem: string) => new Failure(2, `${path}: ${problem}`);
  const yaml = await Deno.readTextFile(path).catch((cause) => {
    throw refuse(cause instanceof Deno.errors.NotFound ? "there is no such file" : cause.message);
  });
  return parsePaper(yaml, path);
}

/**
 * Parses a paper from YAML. `path` is for messages. Throws a `Failure` (exit 2) that names the
 * member if it is malformed.
 */
export function parsePaper(yaml: string, path: string): Paper {
  const refuse = (problem: string) => new Failure(2, `${path}: ${problem}`);
  let value: unknown;
  try {
    value = parse(yaml);
  } catch (error) {
    throw refuse(`this is not YAML: ${(error as Error).message}`);
  }
  const { paper, tables } = readAs(value, file, refuse);
  const ids = tables.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice !== undefined) throw refuse(`table ${twice} is there twice`);
  return {
    ...paper,
    tables: tables.map((table) =>
      checkTable(table, (problem) => refuse(`${table.id}: ${problem}`))
    ),
  };
}

/**
 * Finds a table by its id. Throws a `Failure` (exit 2) that names `module` and the existing tables
 * if there is none.
 */
export function tableOf({ tables }: Paper, id: string, module: string): PaperTable {
  const table = tables.find((table) => table.id === id);
  if (table) return table;
  throw new Failure(
    2,
    `${module}: the paper has no table ${id}; it has ${tables.map(({ id }) => id).join(", ")}`,
  );
}

/** The name of a row: its printed name, else a difference's two rows, else its method. */
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
        alone: optional(text),
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

/** Checks that the parts of a table fit together, and fills in its defaults. */
function checkTable(raw: RawTable, refuse: (problem: string) => Failure): PaperTable {
  const { id, title, dataset, selection = null, aggregate = null, notes = [] } = raw;
  const methods = raw.rows.map(({ method }) => method);
  const columns = raw.columns.map(({ metric, group, ...pair }, i): Column => {
    const own = metric ?? raw.metric;
    if (typeof own !== "string") {
      throw refuse(`columns[${i}] needs its own metric, since the table has several`);
    }
    return { ...pair, metric: own, ...group !== undefined && { group } };
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
