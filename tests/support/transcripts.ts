/**
 * The transcripts of the numbers and settings of the papers SHAKE, SLKD and SAKD: YAML files of
 * `shared/papers` beside the project.
 */
import { parse } from "@std/yaml";
import { needsFile } from "./needs.ts";

/** A printed number. */
export type Value = number | null | { mean: number; std?: number | null };

/** A column of a transcript. */
export interface RawColumn {
  teacher: string | null;
  teacher_inferred?: string;
  student: string | null;
  student_inferred?: string;
  metric?: string;
  style?: "same" | "different";
  best_per_run?: number[];
  last_per_run?: number[];
}

/** A table of a transcript. */
export interface RawTable {
  id: string;
  dataset: string;
  metric: string | string[];
  columns: RawColumn[];
  rows: { method: string; kind?: string; of?: string; over?: string; values: Value[] }[];
}

/** The transcript of a paper. */
export interface Transcript<H> {
  tables: RawTable[];
  missing_tables?: { id: string }[];
  hyperparameters: H[];
  figures: { id: string; approximate_values?: Record<string, Value[]> }[];
}

/** A paper with a transcript. */
export type Name = "shake" | "slkd" | "sakd";

/** A network's name in the transcripts: its id without its family's name. */
export function networkName(id: string): string {
  return id.replace("imagenet.", "");
}

/** Registers a test that reads a paper's transcript, whose hyperparameters have the type `H`. */
export function testTranscript<H = unknown>(
  name: Name,
  what: string,
  check: (paper: Transcript<H>) => void | Promise<void>,
): Promise<void> {
  const file = new URL(`../../../shared/papers/${name}.yaml`, import.meta.url);
  return needsFile(`papers: ${name}: ${what}`, file, "the transcripts of the papers", async () => {
    await check(parse(await Deno.readTextFile(file)) as Transcript<H>);
  });
}
