import MarkdownIt from "markdown-it";
import { type Html, trusted } from "../values/html.ts";

// Tables have line breaks and small print as HTML. Whatever a user wrote is escaped in them.
const parser = new MarkdownIt({ html: true });

/** How far headings move down, below those of the page. */
const LEVELS = 1;

for (const tag of ["th", "td"]) {
  // A heading without a text, in the corner of a table, heads nothing.
  const name = (text: string) => text === "" ? "td" : tag;
  parser.renderer.rules[`${tag}_open`] = (tokens, i) => {
    const isRight = String(tokens[i].attrGet("style")).includes("right");
    return `<${name(tokens[i + 1].content)}${isRight ? ` class="number"` : ""}>`;
  };
  parser.renderer.rules[`${tag}_close`] = (tokens, i) => `</${name(tokens[i - 1].content)}>`;
}
parser.renderer.rules.table_open = (tokens, i) => {
  const heading = tokens.slice(0, i).findLast((_, at) => tokens[at - 1]?.type === "heading_open");
  const texts = heading?.children?.filter(({ type }) => type === "text") ?? [];
  const name = texts.map(({ content }) => content).join("") || "Table";
  const label = parser.utils.escapeHtml(name);
  return `<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table>`;
};
parser.renderer.rules.table_close = () => `</table></div>`;
for (const token of ["heading_open", "heading_close"] as const) {
  parser.renderer.rules[token] = (tokens, i) => {
    const level = Math.min(6, Number(tokens[i].tag.slice(1)) + LEVELS);
    return `<${token === "heading_close" ? "/" : ""}h${level}>`;
  };
}
// A page may be read elsewhere, where a relative link leads nowhere.
parser.core.ruler.push("links", ({ tokens }) => {
  for (const { children } of tokens) {
    const opened: boolean[] = [];
    children?.forEach((token) => {
      if (token.type === "link_open") {
        opened.push(/^https?:/.test(String(token.attrGet("href"))));
      }
      if (token.type !== "link_open" && token.type !== "link_close") return;
      const isKept = token.type === "link_open" ? opened.at(-1) : opened.pop();
      if (!isKept) token.hidden = true, token.type = "text", token.content = "";
    });
  }
});

/**
 * Markdown as HTML for the page: headings one level down, tables that scroll, no style and no link
 * but to the web.
 */
export function markdownHtml(markdown: string): Html {
  return trusted(parser.render(markdown));
}
