import { assertEquals } from "@std/assert";
import {
  escapeMarkdown,
  foldParagraph,
  formatLink,
  formatTable,
} from "../../lib/values/markdown.ts";

Deno.test("markdown: columns are aligned, text is escaped", () => {
  assertEquals(
    formatTable(["", "a"], [["bc", "1 ± 2"], ["d"]]),
    "|     |     a |\n| :-- | ----: |\n| bc  | 1 ± 2 |\n| d   |       |",
  );
  assertEquals(
    escapeMarkdown("SLKD* wrn_40_2 a|b <c> _d_ [e]"),
    "SLKD\\* wrn_40_2 a\\|b \\<c\\> \\_d\\_ \\[e\\]",
  );
  assertEquals(
    escapeMarkdown("τ ≥ 2, #1 é $x$ ~~y~~ AT&T &amp;"),
    "τ ≥ 2, #1 é \\$x\\$ \\~\\~y\\~\\~ AT&T \\&amp;",
  );
  assertEquals(["# a", "C#", "- a", "+1", "1. a", "1.5"].map(escapeMarkdown), [
    "\\# a",
    "C\\#",
    "\\- a",
    "+1",
    "1\\. a",
    "1.5",
  ]);
  assertEquals(escapeMarkdown("two\n lines"), "two lines");
  assertEquals(formatLink("x", "../a b/c#d.ts"), "[x](../a%20b/c%23d.ts)");
});

Deno.test("markdown: no line of a folded paragraph begins a list, a quotation or a heading", () => {
  for (const word of ["1.", "12)", "-", "+", "*", ">", "##"]) {
    for (let length = 80; length < 110; length++) {
      const text = `${"a".repeat(length)} ${word} then ${"b ".repeat(60)}`.trim();
      const lines = foldParagraph(text).split("\n");
      assertEquals(lines.join(" "), text);
      assertEquals(lines.filter((line) => line.startsWith(`${word} `)), []);
    }
  }
});
