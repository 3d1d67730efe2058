import plotScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import chartStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import { type Html, html, jsonMarkup, trusted } from "../values/html.ts";
import { chartData } from "./chart_data.ts";
import script from "./client/page.js" with { type: "text" };
import style from "./client/page.css" with { type: "text" };
import { cardsSection } from "./cards_section.ts";
import { lineageSection } from "./lineage_section.ts";
import { markdownHtml } from "./markdown.ts";
import { mistakesSection } from "./mistakes_section.ts";
import type { Report } from "./report.ts";
import { runsSection } from "./runs_section.ts";

/** How a page hears of epochs that end while it is open. */
export interface LiveOptions {
  /** The address of the events, relative to the page's. */
  readonly events: string;
  /** The id of the last event that the page already shows. */
  readonly after: string;
}

/** The most bytes of a page: 2 MB, less what its frame and letters beyond ASCII may take. */
const MOST_BYTES = 1_950_000;

/** A page and the policy that it keeps to. */
export interface Page {
  readonly html: string;
  /** Its Content-Security-Policy: nothing from elsewhere, and no script but its own. */
  readonly policy: string;
}

/**
 * Makes one HTML page of a report: it needs no other file, and asks for none. A live one listens for
 * epochs that end.
 */
export async function page(report: Report, live?: LiveOptions): Promise<Page> {
  const styles = `${chartStyle}\n${style}`;
  const scripts = [plotScript, script];
  const policy = [
    "default-src 'none'",
    "img-src data:",
    `style-src '${await digest(styles)}'`,
    `script-src ${(await Promise.all(scripts.map(digest))).map((one) => `'${one}'`).join(" ")}`,
    ...live ? ["connect-src 'self'"] : [],
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const sections = sectionsOf(report).filter(({ body }) => body !== undefined);
  const rest = [styles, ...scripts, ...sections.map(({ body }) => body)].join("");
  const room = MOST_BYTES - new TextEncoder().encode(rest).length;
  const data = { ...chartData(report.runs, room), live };
  const document = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${policy}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${report.title}</title>
        <link rel="icon" href="data:,">
        <style>${trusted(styles)}</style>
      </head>
      <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header>
    <h1>${report.title}</h1>
    <nav aria-label="Sections">${sections.map(({ id, title }) =>
      html`
        <a href="#${id}">${title}</a>
      `
    )}</nav>
    <p class="tools"><span id="live" role="status"></span>
    <label>Theme <select id="theme"><option value="light dark">system</option><option>light</option><option>dark</option></select></label></p>
    </header>
    <main id="main">
    ${sections.map(({ id, title, body }) =>
      html`
        <section id="${id}"
          aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
        ${body}
        </section>
      `
    )}</main>
    <script type="application/json" id="data">${jsonMarkup(data)}</script>
    ${scripts.map((one) => html`<script>${trusted(one)}</script>\n`)}</body>
    </html>
  `;
  return { html: String(document), policy };
}

/** A part of the page. Without a body it is left out. */
interface Section {
  readonly id: string;
  readonly title: string;
  readonly body?: Html;
}

function sectionsOf({ tables, runs }: Report): Section[] {
  const hasLogs = runs.some(({ log }) => log.length > 0);
  return [
    {
      id: "tables",
      title: "Tables",
      body: tables.length > 0 ? html`${tables.map(markdownHtml)}` : undefined,
    },
    { id: "runs", title: "Runs", body: runsSection(runs) },
    {
      id: "curves",
      title: "Curves",
      body: html`${
        hasLogs
          ? undefined
          : html`<p>No run has a log here: <code>deno task exp</code> writes one.</p>`
      }<div id="chart" hidden></div>`,
    },
    {
      id: "settings",
      title: "Settings",
      body: runs.length > 1 ? html`<div id="compare"></div>` : undefined,
    },
    { id: "lineage", title: "Teachers", body: lineageSection(runs) },
    { id: "mistakes", title: "Mistakes", body: mistakesSection(runs) },
    { id: "cards", title: "Model cards", body: cardsSection(runs) },
  ];
}

/** The hash by which a policy allows a script or a style. */
async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${new Uint8Array(bytes).toBase64()}`;
}
