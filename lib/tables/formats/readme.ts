import { join } from "node:path";
import { Failure } from "../../values/failure.ts";
import { escapeMarkdown, foldParagraph, joinBlocks } from "../../values/markdown.ts";
import { type FilledTable, filledTables } from "../filled_tables.ts";
import type { Paper } from "../paper.ts";
import { tableMarkdown } from "./markdown_tables.ts";

/**
 * Renews the head and the tables of the README of a folder with a `tables.ts`, and keeps its prose.
 * Rejects with a `Failure` that names the file if a declaration, the paper's numbers or a result
 * are wrong.
 */
export async function writeReadme(folder: string, current: string): Promise<string> {
  const { title, paper, tables } = await filledTables(folder);
  const legend = paper
    ? [citation(paper), foldParagraph(`${LEGEND} ${LEGEND_OF_PAPER}`)]
    : [foldParagraph(LEGEND)];
  const head = {
    name: "head",
    body: joinBlocks([ORIGIN, `# ${escapeMarkdown(title)}`, ...legend]),
  };
  return replaceSections(join(folder, "README.md"), current, [head, ...tables.map(section)]);
}

const ORIGIN =
  "<!-- Written by `deno task tables`, as are the tables below; what stands outside of these markers is kept. -->";

const LEGEND =
  "Accuracies and AP in percent, over n trials: mean ± sample standard deviation. `last` is after the last epoch; `best` is at the " +
  "epoch that was best on the test set, or on the hold-out where one is declared. `—`: not run, or there is no such number. " +
  "The best of a column is bold; in a table of ours it is the best for each student, for KL the best for each student and teacher.";

const LEGEND_OF_PAPER =
  "Below ours stand the paper's number, the difference Δ, and ours at the other epoch.";

function citation({ authors, venue, year, code }: Paper): string {
  const where = venue.includes(String(year)) ? venue : `${venue}, ${year}`;
  const text = escapeMarkdown(`${authors.join(", ")}. ${where}.`);
  return foldParagraph(code ? `${text} [Code](${code}).` : text);
}

function section(filled: FilledTable): Section {
  const id = filled.kind === "paper" ? filled.table.id : filled.id;
  return { name: `table: ${id}`, body: tableMarkdown(filled) };
}

/**
 * A generated part of a README, between `<!-- table: x -->` and `<!-- /table -->`, or between
 * `<!-- head -->` and `<!-- /head -->`.
 */
export interface Section {
  /** The text of the opening marker: `head`, or `table: ` and an id. */
  readonly name: string;
  /** The markdown between the markers. */
  readonly body: string;
}

const MARKER = /^<!-- (?:\/(head|table)|(head|table: .+?)) -->$/gm;

/**
 * Replaces the sections of a text in place. A new head comes first, new tables last. Other sections
 * in the text are removed, and everything outside stays. Throws a `Failure` (exit 2) if a marker is
 * out of place.
 */
export function replaceSections(path: string, text: string, sections: readonly Section[]): string {
  const bodies = new Map(sections.map(({ name, body }) => [name, body]));
  const pieces: string[] = [];
  const misplaced = (marker: string) =>
    new Failure(
      2,
      `${path}: ${marker} is out of place: each section has one opening and one closing marker`,
    );
  let from = 0;
  let open: string | undefined;
  for (const { 0: marker, 1: closes, 2: opens, index } of text.matchAll(MARKER)) {
    if (opens !== undefined ? open !== undefined : closes !== kind(open)) throw misplaced(marker);
    if (opens === undefined) {
      pieces.push(sectionText(open!, bodies));
      bodies.delete(open!);
    } else {
      if (pieces.some((piece) => piece.startsWith(`<!-- ${opens} -->`))) throw misplaced(marker);
      pieces.push(text.slice(from, index));
    }
    open = opens;
    from = index + marker.length;
  }
  if (open !== undefined) throw misplaced(`<!-- ${open} -->`);
  pieces.push(text.slice(from));
  const names = [...bodies.keys()];
  const heads = names.filter((name) => name === "head");
  const tables = names.filter((name) => name !== "head");
  const whole = [
    ...heads.map((name) => sectionText(name, bodies)),
    ...pieces,
    ...tables.map((name) => sectionText(name, bodies)),
  ];
  return `${
    whole.map((piece) => piece.replace(/^\n+|\s+$/g, "")).filter((piece) => piece !== "").join(
      "\n\n",
    )
  }\n`;
}

function kind(name: string | undefined): string | undefined {
  return name?.replace(/:.*/s, "");
}

function sectionText(name: string, bodies: ReadonlyMap<string, string>): string {
  const body = bodies.get(name);
  return body === undefined ? "" : `<!-- ${name} -->\n\n${body}\n\n<!-- /${kind(name)} -->`;
}
