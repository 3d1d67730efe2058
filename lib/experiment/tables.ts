/**
 * Tables as a folder's `tables.ts` declares them: which experiment fills which cell.
 *
 * @module
 */
import type { Experiment } from "./experiment.ts";

/** Experiments by name. */
export type Experiments = Readonly<Record<string, Experiment>>;

/** Which experiments fill a paper's tables. */
export interface PaperCells {
  /** The tables, by their ids in the paper's file. */
  readonly ids: readonly string[];
  /**
   * By method, then by column: `slkd: { vgg13_vgg8 }` is taught by vgg13 and trains vgg8; the rows
   * `teacher` and `student` go by their own network, `teacher: { vgg13 }`; `imagenet.resnet34` goes
   * by `resnet34`. What is not there was not run; what is of a pair that no table here has is
   * passed over.
   */
  readonly rows: { readonly [method: string]: Experiments };
}

/** The tables of a paper, with our numbers beside the printed ones. */
export interface PaperTables {
  /** The file of the paper's numbers, beside this module: `paper.yaml`. */
  readonly paper: string;
  /** What fills its tables, and what we measured besides, in the order in which they are shown. */
  readonly tables: readonly (PaperCells | OwnTable)[];
}

/** A table of our own: an experiment is a row. */
export interface OwnTable {
  /** What its place in the README is called. */
  readonly id: string;
  /** What it shows. */
  readonly title: string;
  /** The experiments by the names of their rows. */
  readonly rows: Experiments;
  /** The row that the others are compared with, seed by seed, or several; none. */
  readonly against?: Experiment | readonly Experiment[];
}

/** Tables without a paper. */
export interface OwnTables {
  /** The README's title. */
  readonly title: string;
  /** The tables, in order. */
  readonly tables: readonly OwnTable[];
}

/** What a folder's tables are. */
export type Tables = PaperTables | OwnTables;

/** A table that says whether it is a paper's. */
export type KnownTable =
  | (PaperCells & { readonly kind: "paper" })
  | (OwnTable & { readonly kind: "own" });

/** A folder's tables that say whether they are a paper's. */
export type KnownTables =
  | (Omit<PaperTables, "tables"> & {
    readonly kind: "paper";
    readonly tables: readonly KnownTable[];
  })
  | (Omit<OwnTables, "tables"> & {
    readonly kind: "own";
    readonly tables: readonly (OwnTable & { kind: "own" })[];
  });

const declared = new WeakSet<object>();

/** Declares a folder's tables: the default export of its `tables.ts`. */
export function tables(value: Tables): KnownTables {
  const own = (table: OwnTable) => ({ kind: "own", ...table }) as const;
  const known: KnownTables = "paper" in value
    ? {
      ...value,
      kind: "paper",
      tables: value.tables.map((table) =>
        "ids" in table ? { kind: "paper", ...table } : own(table)
      ),
    }
    : { ...value, kind: "own", tables: value.tables.map(own) };
  declared.add(known);
  return known;
}

/** Whether a value was made by `tables`. */
export function isTables(value: unknown): value is KnownTables {
  return typeof value === "object" && value !== null && declared.has(value);
}
