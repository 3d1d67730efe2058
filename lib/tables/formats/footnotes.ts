import type { Outcome } from "../../project/outcome.ts";
import { bullets } from "../../values/markdown.ts";

/** The footnotes of one table, numbered in the order of their marks. */
export interface Footnotes {
  /** The mark of a footnote; the same text has the same mark. */
  mark(text: string): string;
  /** All footnotes, as they stand below the table; empty where nothing was marked. */
  below(): string;
}

/** How a format writes footnotes; markdown by default. */
export interface FootnoteFormat {
  /** The mark of this number. */
  mark(number: number): string;
  /** Footnotes below their table, each a mark and a text. */
  below(notes: readonly (readonly [mark: string, text: string])[]): string;
}

const markdown: FootnoteFormat = {
  mark: (number) => `<sup>${number}</sup>`,
  below: (notes) => bullets(notes.map((note) => note.join(" "))),
};

/** No footnotes yet. */
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

/** The mark of the footnote that counts what is not shown; empty where everything is. */
export function unshown({ stale, quick }: Outcome, notes: Footnotes): string {
  const parts = [
    stale > 0 ? `${stale} stale (the experiment has changed since)` : "",
    quick > 0 ? `${quick} quick (run with other epochs or fewer batches)` : "",
  ].filter((part) => part !== "");
  return parts.length > 0 ? notes.mark(`Not shown: ${parts.join(", ")}.`) : "";
}
