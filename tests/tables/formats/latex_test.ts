import { assert, assertEquals } from "@std/assert";
import { footnotes } from "../../../lib/tables/formats/footnotes.ts";
import { comment, escaped, inLatex, shown, tabular } from "../../../lib/tables/formats/latex.ts";

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
  assertEquals(shown({ mean: 70, decimals: 2, text: "70.00 ± 0.10 (3)" }), "70.00 $\\pm$ 0.10 (3)");
  assertEquals(shown({ mean: 70, decimals: 2, text: "70.00", best: true }), "\\textbf{70.00}");
  assertEquals(shown(undefined), "--");
});

Deno.test("latex: a comment is one line", () => {
  assertEquals(comment("Two\nlines, 5 %."), "% Two lines, 5 %.");
});

Deno.test("latex: a tabular has booktabs' rules, and is as wide as the text at most", () => {
  assertEquals(
    tabular({ left: 1, header: [["", "a"], ["", "b"]], lines: [["x", "1"], ["y", "2"]] }),
    [
      "\\noindent\\begin{adjustbox}{max width=\\linewidth, max totalheight=0.8\\textheight}",
      "\\begin{tabular}{lr}",
      "\\toprule",
      " & a \\\\",
      " & b \\\\",
      "\\midrule",
      "x & 1 \\\\",
      "y & 2 \\\\",
      "\\bottomrule",
      "\\end{tabular}",
      "\\end{adjustbox}",
    ].join("\n"),
  );
});

Deno.test("latex: neighbours of a group have one heading with a rule below it, what has no group has none", () => {
  const groups = [undefined, undefined, "A", "A", undefined, "B"], header = [["", "", "a", "b", "c", "d"]];
  const [, , , names, rules, next] = tabular({ left: 1, groups, header, lines: [] }).split("\n");
  assertEquals(names, " &  & \\multicolumn{2}{c}{A} &  & \\multicolumn{1}{c}{B} \\\\");
  assertEquals(rules, "\\cmidrule(lr){3-4}\\cmidrule(lr){6-6}");
  assertEquals(next, " &  & a & b & c & d \\\\");
});

Deno.test("latex: footnotes are marked above the line and stand below the table, letter by letter", () => {
  const notes = footnotes(inLatex);
  assertEquals(notes.below(), "");
  assertEquals([notes.mark("5 %"), notes.mark("a_b"), notes.mark("5 %")].map((mark) => mark.slice(-3)), [
    "{1}",
    "{2}",
    "{1}",
  ]);
  assertEquals(
    notes.below(),
    "\n\\noindent{\\footnotesize \\textsuperscript{1} 5 \\% \\\\\n\\textsuperscript{2} a\\_b\\par}",
  );
});
