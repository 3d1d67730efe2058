import { type Html, html } from "../values/html.ts";
import { markdownHtml } from "./markdown.ts";
import type { ReportedRun } from "./report.ts";

/** The model card of each run that has one. `undefined` if none has. */
export function cardsSection(runs: readonly ReportedRun[]): Html | undefined {
  const cards = runs.flatMap(({ label, card }) => card === undefined ? [] : [{ label, card }]);
  if (cards.length === 0) return undefined;
  return html`${
    cards.map(({ label, card }) =>
      html`
        <details><summary>${label}</summary>
        ${markdownHtml(card.replace(/^---\n.*?\n---\n/s, ""))}</details>
      `
    )
  }`;
}
