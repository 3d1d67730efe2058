import { assert, assertEquals } from "@std/assert";
import { comment, escaped, shown, tabular } from "../lib/latex.ts";

Deno.test("latex: every sign that means something to it is printed as it is", () => {
  assertEquals(escaped("a_b 5% & #1 $x {y}"), "a\\_b 5\\% \\& \\#1 \\$x \\{y\\}");
  assertEquals(escaped("\\~^"), "\\textbackslash{}\\textasciitilde{}\\textasciicircum{}");
  assertEquals(escaped("<a|b>"), "\\textless{}a\\textbar{}b\\textgreater{}");
  assertEquals(escaped("Δ a − b ± 0.10"), "$\\Delta$ a $-$ b $\\pm$ 0.10");
  assertEquals(escaped("DML† → é"), "DML\\dag{} $\\to$ é");
  // Behind the \\ of the line above, both would be taken for an argument of it.
  for (const text of ["[a]", "*a"]) assert(escaped(text).startsWith("{"));
});

Deno.test("latex: the best number is bold, one that is not there a dash", () => {
  assertEquals(shown({ mean: 70, text: "70.00 ± 0.10 (3)" }), "70.00 $\\pm$ 0.10 (3)");
  assertEquals(shown({ mean: 70, text: "70.00", best: true }), "\\textbf{70.00}");
  assertEquals(shown(undefined), "--");
});

Deno.test("latex: a comment is one line", () => {
  assertEquals(comment("Two\nlines, 5 %."), "% Two lines, 5 %.");
});

Deno.test("latex: a tabular has booktabs' rules around its header and between its blocks", () => {
  assertEquals(
    tabular(1, [["", "a"], ["", "b"]], [{ lines: [["x", "1"]] }, { name: "new", lines: [["y", "2"], ["z", "3"]] }]),
    [
      "\\begin{tabular}{lr}",
      "\\toprule",
      " & a \\\\",
      " & b \\\\",
      "\\midrule",
      "x & 1 \\\\",
      "\\midrule",
      "\\multicolumn{2}{l}{\\textit{new}} \\\\",
      "y & 2 \\\\",
      "z & 3 \\\\",
      "\\bottomrule",
      "\\end{tabular}",
    ].join("\n"),
  );
});
