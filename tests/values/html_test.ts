import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { html, type HtmlPart, jsonMarkup, trusted } from "../../lib/values/html.ts";

Deno.test("html: texts are escaped in content and attributes, HTML and lists are not", () => {
  const name = `<img src=x onerror="alert('1')"> & co`;
  const escaped = "&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62; &#38; co";
  assertEquals(`${html`<a title="${name}">${name}</a>`}`, `<a title="${escaped}">${escaped}</a>`);
  const rows: HtmlPart = ["a<", "b"].map((one) => html`<li>${one}</li>`);
  assertEquals(`${html`<ul>${rows}</ul>${undefined}${7}`}`, "<ul><li>a&#60;</li><li>b</li></ul>7");
  assertEquals(`${html`${trusted("<br>")}`}`, "<br>");
  assertEquals(`${html`<p>\u00e4\n</p>`}`, "<p>ä\n</p>");
});

Deno.test("html: no text adds markup", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const inside = `${html`${text}`}`;
    assertEquals(/[<>"']/.test(inside), false);
    const back = inside.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
    assertEquals(back, text);
  }));
});

Deno.test("html: JSON cannot end its script element, and is the same value", () => {
  const value = { "</script>": ["<!--", 1, null], nested: { b: "<SCRIPT>" } };
  const markup = `${jsonMarkup(value)}`;
  assertEquals(markup.includes("<"), false);
  assertEquals(JSON.parse(markup), value);
});
