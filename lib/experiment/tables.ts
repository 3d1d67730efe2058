/**
 * The tables that a folder's `tables.ts` declares: which experiment fills which cell.
 *
 * @module
 */
import type { Experiment } from "./experiment.ts";

/** Experiments by name. */
export type Experiments = Readonly<Record<string, Experiment>>;

/** The experiments that fill a paper's tables. */
export interface PaperCells {
  /** The tables, by their ids in the paper's file. */
  readonly ids: readonly string[];
  /**
   * By method, then by column: `slkd: { vgg13_vgg8 }` has the teacher vgg13 and the student vgg8.
   * The rows `teacher` and `student` name their own network, `teacher: { vgg13 }`, and `resnet34`
   * stands for `imagenet.resnet34`. A missing cell was not run. An experiment of a pair that is in
   * no table here is ignored.
   */
  readonly rows: { readonly [method: string]: Experiments };
}

/** The tables of a paper, with our numbers beside the printed ones. */
export interface PaperTables {
  /** The file of the paper's numbers, beside this module: `paper.yaml`. */
  readonly paper: string;
  /** The cells of its tables, and tables of our own, in the order in which they are printed. */
  readonly tables: readonly (PaperCells | OwnTable)[];
}

/** Numbers that a paper printed for a pair of networks: a column beside our own. */
export interface PrintedReference {
  /** The column's heading, e.g. the name of the paper's method. */
  readonly title: string;
  /** The number of epochs that the paper trained for. It stands in the heading too. */
  readonly epochs: number;
  /** The file of the paper's numbers, from the module of the tables: `../shake/paper.yaml`. */
  readonly paper: string;
  /** The id of the table in that file. */
  readonly table: string;
  /** The teacher network of the table's column. */
  readonly teacher: string;
  /** The student network of the table's column. */
  readonly student: string;
  /**
   * The paper's rows by ours, where their names differ: `{ scratch: "student" }`. Default: the row
   * of the same name. A row of ours that the paper lacks has no printed number.
   */
  readonly rows?: Readonly<Record<string, string>>;
  /** How the paper's rows differ from ours. It is printed with the source. Default: nothing. */
  readonly note?: string;
}

/** A table of our own: each row is an experiment. */
export interface OwnTable {
  /** The name of its place in the README. */
  readonly id: string;
  /** The title of the table. */
  readonly title: string;
  /** The experiments, by the names of their rows. */
  readonly rows: Experiments;
  /** The row or rows with which the others are compared, seed by seed. Default: none. */
  readonly against?: Experiment | readonly Experiment[];
  /** Papers' numbers of the primary measure, to stand beside ours. Default: none. */
  readonly printed?: readonly PrintedReference[];
}

/** Tables without a paper. */
export interface OwnTables {
  /** The README's title. */
  readonly title: string;
  /** The tables, in order. */
  readonly tables: readonly OwnTable[];
}

/** The tables of a folder, as they are declared. */
export type Tables = PaperTables | OwnTables;

/** A table with its kind: a paper's or our own. */
export type KnownTable =
  | (PaperCells & { readonly kind: "paper" })
  | (OwnTable & { readonly kind: "own" });

/** The tables of a folder with their kinds: a paper's or our own. */
export type KnownTables =
  | (Omit<PaperTables, "tables"> & {
    readonly kind: "paper";
    readonly tables: readonly KnownTable[];
  })
  | (Omit<OwnTables, "tables"> & {
    readonly kind: "own";
    readonly tables: readonly (OwnTable & { kind: "own" })[];
  });

const declarations = new WeakSet<object>();

/**
 * Declares the tables of a folder. The folder's `tables.ts` exports them as its default.
 *
 * @example
 * ```ts
 * import { experiment, from, kd, resnet20, resnet8, scratch, sgd, tables } from "@retort/retort";
 * import { cifar10 } from "@retort/retort/datasets";
 *
 * const shared = { dataset: cifar10(), schedule: sgd({ epochs: 240, batch: 64, lr: 0.05 }) };
 * export const teacher = experiment(import.meta, {
 *   ...shared,
 *   student: resnet20,
 *   distiller: scratch(),
 * });
 * export const student = experiment(import.meta, {
 *   ...shared,
 *   teacher: from(teacher),
 *   student: resnet8,
 *   distiller: kd(),
 * });
 *
 * export default tables({
 *   title: "CIFAR-10",
 *   tables: [{ id: "kd", title: "ResNet-20 teaches ResNet-8", rows: { teacher, student } }],
 * });
 * ```
 */
export function tables(value: Tables): KnownTables {
  const markOwn = (table: OwnTable) => ({ kind: "own", ...table }) as const;
  const known: KnownTables = "paper" in value
    ? {
      ...value,
      kind: "paper",
      tables: value.tables.map((table) =>
        "ids" in table ? { kind: "paper", ...table } : markOwn(table)
      ),
    }
    : { ...value, kind: "own", tables: value.tables.map(markOwn) };
  declarations.add(known);
  return known;
}

/** Whether a value was made by `tables`. */
export function isTables(value: unknown): value is KnownTables {
  return typeof value === "object" && value !== null && declarations.has(value);
}
