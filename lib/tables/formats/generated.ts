import { Failure } from "../../values/failure.ts";

/** A generated part of a text, between `<!-- table: x -->` and `<!-- /table -->` or `<!-- head -->` and `<!-- /head -->`. */
export interface Section {
  /** What the opening marker says: `head`, or `table: ` and an id. */
  readonly name: string;
  /** The markdown between the markers. */
  readonly body: string;
}

const MARKER = /^<!-- (?:\/(head|table)|(head|table: .+?)) -->$/gm;

/**
 * The text with these sections, in place where it has them (a head that is new comes first, a table last); sections that
 * are no longer generated go, and everything outside stays. Throws a `Failure` (exit 2) at a marker that is out of place.
 */
export function generated(path: string, text: string, sections: readonly Section[]): string {
  const bodies = new Map(sections.map(({ name, body }) => [name, body]));
  const pieces: string[] = [],
    wrong = (marker: string) =>
      new Failure(2, `${path}: ${marker} is out of place: each section has one opening and one closing marker`);
  let from = 0, open: string | undefined;
  for (const { 0: marker, 1: closes, 2: opens, index } of text.matchAll(MARKER)) {
    if (opens !== undefined ? open !== undefined : closes !== kind(open)) throw wrong(marker);
    if (opens === undefined) {
      pieces.push(written(open!, bodies));
      bodies.delete(open!);
    } else {
      if (pieces.some((piece) => piece.startsWith(`<!-- ${opens} -->`))) throw wrong(marker);
      pieces.push(text.slice(from, index));
    }
    open = opens;
    from = index + marker.length;
  }
  if (open !== undefined) throw wrong(`<!-- ${open} -->`);
  pieces.push(text.slice(from));
  const added = [...bodies.keys()], heads = added.filter((name) => name === "head");
  const tables = added.filter((name) => name !== "head");
  const whole = [
    ...heads.map((name) => written(name, bodies)),
    ...pieces,
    ...tables.map((name) => written(name, bodies)),
  ];
  return `${whole.map((piece) => piece.replace(/^\n+|\s+$/g, "")).filter((piece) => piece !== "").join("\n\n")}\n`;
}

function kind(name: string | undefined): string | undefined {
  return name?.replace(/:.*/s, "");
}

function written(name: string, bodies: ReadonlyMap<string, string>): string {
  const body = bodies.get(name);
  return body === undefined ? "" : `<!-- ${name} -->\n\n${body}\n\n<!-- /${kind(name)} -->`;
}
