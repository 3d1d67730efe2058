import { bullets } from "./markdown.ts";

/** The footnotes of one table, numbered in the order of their marks. */
export interface Footnotes {
  /** The mark of a footnote; the same text has the same mark. */
  mark(text: string): string;
  /** All footnotes, as markdown below the table; empty where nothing was marked. */
  below(): string;
}

/** No footnotes yet. */
export function footnotes(): Footnotes {
  const texts: string[] = [];
  const mark = (number: number) => `<sup>${number}</sup>`;
  return {
    mark(text) {
      if (!texts.includes(text)) texts.push(text);
      return mark(texts.indexOf(text) + 1);
    },
    below: () => bullets(texts.map((text, i) => `${mark(i + 1)} ${text}`)),
  };
}
