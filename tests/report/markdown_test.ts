import { assertEquals, assertStringIncludes } from "@std/assert";
import { markdownHtml } from "../../lib/report/markdown.ts";
import { escapeMarkdown, formatTable } from "../../lib/values/markdown.ts";

Deno.test("markdown: headings go one level down, and tables scroll without styles", () => {
  const html = String(markdownHtml(`## T\n\n${formatTable(["", "top-1"], [["kd", "1 ± 2"]])}`));
  assertStringIncludes(html, "<h3>T</h3>");
  assertStringIncludes(
    html,
    `<div class="scroll" tabindex="0" role="region" aria-label="T"><table>`,
  );
  assertStringIncludes(html, `<th class="number">top-1</th>`);
  assertStringIncludes(html, `<td>kd</td><td class="number">1 ± 2</td>`);
  assertEquals(html.includes("style"), false);
});

Deno.test("markdown: a table has the name of the heading above it", () => {
  const table = formatTable(["method"], [["kd"]]);
  const html = String(
    markdownHtml(`${table}\n\n# A\n\n## ["B" & *C*](b.ts)\n\n${table}\n\n${table}`),
  );
  const names = [...html.matchAll(/aria-label="([^"]*)"/g)].map(([, name]) => name);
  assertEquals(names, ["Table", "&quot;B&quot; &amp; C", "&quot;B&quot; &amp; C"]);
});

Deno.test("markdown: a link to the web stays, of a link to a file its text", () => {
  const html = String(
    markdownHtml("[Code](https://example.org/a) [**kd**](pair.ts) [x](javascript:a)"),
  );
  assertEquals(
    html,
    `<p><a href="https://example.org/a">Code</a> <strong>kd</strong> [x](javascript:a)</p>\n`,
  );
});

Deno.test("markdown: an escaped text adds no markup", () => {
  const text = `<img src=x onerror="alert(1)"> & [a](https://b) | *c*`;
  const html = String(markdownHtml(formatTable([escapeMarkdown(text)], [])));
  assertStringIncludes(
    html,
    "&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; [a](https://b) | *c*",
  );
});
