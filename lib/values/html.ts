/** A piece of HTML: text that a browser reads as markup. Only `html` and `trusted` make one. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

/** What stands in a template: a text, a number, HTML, a list of these, or nothing. */
export type HtmlPart = string | number | Html | undefined | readonly HtmlPart[];

/**
 * Makes HTML from a template. Texts are escaped, so that they are safe as content and inside the
 * quotes of an attribute; HTML is taken as it is, the parts of a list follow one another, and
 * `undefined` is left out.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(markupOf)));
}

/** Takes a text as HTML: markup that a library wrote, a style or a script of Retort's own. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

/**
 * Writes JSON for the content of a `<script type="application/json">`, which no text inside it can
 * end.
 */
export function jsonMarkup(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll("<", "\\u003c"));
}

function markupOf(part: HtmlPart): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.toString();
  if (typeof part === "object") return part.map(markupOf).join("");
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
