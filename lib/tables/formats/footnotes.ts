import type { Outcome } from "../../project/outcome.ts";
import { formatList } from "../../values/markdown.ts";
import { unlikeTeachers } from "../unlike_teachers.ts";

/** The footnotes of one table, numbered in the order of their marks. */
export interface Footnotes {
  /** Adds footnotes and returns their mark; empty for none. The same text has the same number. */
  mark(...texts: string[]): string;
  /** All footnotes, for the place below the table; empty if there are none. */
  below(): string;
}

/** How a format writes footnotes. */
export interface FootnoteFormat {
  /** A mark with the numbers of footnotes: `1, 2`. */
  mark(numbers: string): string;
  /** The footnotes below their table. */
  below(notes: readonly (readonly [mark: string, text: string])[]): string;
}

const markdown: FootnoteFormat = {
  mark: (numbers) => `<sup>${numbers}</sup>`,
  below: (notes) => formatList(notes.map((note) => note.join(" "))),
};

/** Makes an empty list of footnotes. Default of `format`: markdown. */
export function footnotes(format: FootnoteFormat = markdown): Footnotes {
  const texts: string[] = [];
  const number = (text: string) => texts.indexOf(text) + 1;
  return {
    mark(...added) {
      texts.push(...added.filter((text) => !texts.includes(text)));
      return added.length > 0 ? format.mark(added.map(number).join(", ")) : "";
    },
    below: () => format.below(texts.map((text) => [format.mark(`${number(text)}`), text])),
  };
}

/** How many trials are not shown, and how many of those shown ran code that has changed since. */
export function unshownNotes({ stale, quick, changed }: Outcome): string[] {
  const parts = [
    stale > 0 ? `${stale} stale (the experiment has changed since)` : "",
    quick > 0 ? `${quick} quick (run with other epochs or fewer batches)` : "",
  ].filter((part) => part !== "");
  return [
    ...parts.length > 0 ? [`Not shown: ${parts.join(", ")}.`] : [],
    ...changed ? [`${changed} ran code that has changed since.`] : [],
  ];
}

/** Adds the footnotes on one of a table's outcomes and returns their mark; empty for none. */
export type OutcomeMark = (outcome: Outcome) => string;

/** Makes the marks of a table's outcomes, of which `notes` are the footnotes. */
export function outcomeMarks(outcomes: readonly Outcome[], notes: Footnotes): OutcomeMark {
  const unlike = unlikeTeachers(outcomes);
  return (outcome) => notes.mark(...unshownNotes(outcome), ...unlike(outcome));
}
