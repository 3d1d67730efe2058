import type { Outcome } from "../../project/outcome.ts";
import { formatList } from "../../values/markdown.ts";

/** The footnotes of one table, numbered in the order of their marks. */
export interface Footnotes {
  /** Adds a footnote and returns its mark. The same text has the same mark. */
  mark(text: string): string;
  /** All footnotes, for the place below the table; empty if there are none. */
  below(): string;
}

/** How a format writes footnotes. */
export interface FootnoteFormat {
  /** The mark of the footnote with this number. */
  mark(number: number): string;
  /** The footnotes below their table. */
  below(notes: readonly (readonly [mark: string, text: string])[]): string;
}

const markdown: FootnoteFormat = {
  mark: (number) => `<sup>${number}</sup>`,
  below: (notes) => formatList(notes.map((note) => note.join(" "))),
};

/** Makes an empty list of footnotes. Default of `format`: markdown. */
export function footnotes(format: FootnoteFormat = markdown): Footnotes {
  const texts: string[] = [];
  const mark = (text: string) => format.mark(texts.indexOf(text) + 1);
  return {
    mark(text) {
      if (!texts.includes(text)) texts.push(text);
      return mark(text);
    },
    below: () => format.below(texts.map((text) => [mark(text), text])),
  };
}

/**
 * The marks of footnotes that count the trials not shown, and those shown whose own code has changed
 * since; empty if there are none.
 */
export function noteUnshown({ stale, quick, changed }: Outcome, notes: Footnotes): string {
  const parts = [
    stale > 0 ? `${stale} stale (the experiment has changed since)` : "",
    quick > 0 ? `${quick} quick (run with other epochs or fewer batches)` : "",
  ].filter((part) => part !== "");
  const unshown = parts.length > 0 ? notes.mark(`Not shown: ${parts.join(", ")}.`) : "";
  return changed ? unshown + notes.mark(`${changed} of code that has changed since.`) : unshown;
}
