import { assert, assertEquals } from "@std/assert";
import { footnotes } from "../../../lib/tables/formats/footnotes.ts";
import {
  latexComment,
  latexFootnotes,
  latexNumber,
  tabular,
} from "../../../lib/tables/formats/latex_tables.ts";
import { needs } from "../../support/needs.ts";
import { formatted } from "../../support/toy_tables.ts";

await needs(
  ["read", "write"],
  "latex: a paper's table and one of our own are a tabular each",
  async () => {
    assertEquals((await formatted("latex")).split("\n"), [
      "% t1: Table 1. It needs \\usepackage{adjustbox,booktabs}.",
      "% Ours are of the best epoch: mean ± std (n). Δ is ours minus the paper's.",
      "% The paper does not say how many runs its numbers are of.",
      "\\noindent\\begin{adjustbox}{max width=\\linewidth, max totalheight=0.8\\textheight}",
      "\\begin{tabular}{lrr}",
      "\\toprule",
      " & \\multicolumn{1}{c}{old, 5\\%} & \\multicolumn{1}{c}{new} \\\\",
      "\\cmidrule(lr){2-2}\\cmidrule(lr){3-3}",
      "teacher & resnet20 & resnet56 \\\\",
      "student & resnet8 & resnet8 \\\\",
      "\\midrule",
      "student & -- & -- \\\\",
      "\\footnotesize paper ($\\Delta$) & \\footnotesize 70.36 & \\footnotesize 70.36 \\\\",
      "KD\\dag{} & 73.50 $\\pm$ 1.41 (2)\\textsuperscript{1} & -- \\\\",
      "\\footnotesize paper ($\\Delta$) & \\footnotesize 72.98 $\\pm$ 0.10 (3) (+0.52) &  \\\\",
      "\\footnotesize ours, last & \\footnotesize 73.00 $\\pm$ 1.41 &  \\\\",
      "SLKD{*} & \\textbf{75.20 $\\pm$ 1.54 (3)} & -- \\\\",
      "\\footnotesize paper ($\\Delta$) & \\footnotesize \\textbf{75.01} (+0.19) & \\footnotesize 74.00 \\\\",
      "\\footnotesize ours, last & \\footnotesize 74.70 $\\pm$ 1.54 &  \\\\",
      "\\footnotesize logs, last & \\footnotesize 74.50 (1) &  \\\\",
      "$\\Delta$ SLKD{*} $-$ KD\\dag{} & +1.70 & -- \\\\",
      "\\footnotesize paper ($\\Delta$) & \\footnotesize +2.03 ($-$0.33) &  \\\\",
      "\\footnotesize ours, last & \\footnotesize +1.70 &  \\\\",
      "\\bottomrule",
      "\\end{tabular}",
      "\\end{adjustbox}",
      "",
      "\\noindent{\\footnotesize \\textsuperscript{1} Not shown: 1 quick (run with other epochs or fewer batches).\\par}",
      "",
      "% mine: Mine, 100 %. It needs \\usepackage{adjustbox,booktabs}.",
      "% Mean ± std, over n trials.",
      "\\noindent\\begin{adjustbox}{max width=\\linewidth, max totalheight=0.8\\textheight}",
      "\\begin{tabular}{lllrrr}",
      "\\toprule",
      " & teacher & student & top-1, last (n) & top-1, best & top-5, last \\\\",
      "\\midrule",
      "teacher & -- & resnet20 & 80.00 (1) & 80.50 & 90.00 \\\\",
      "kd & resnet20 & resnet8 & 73.00 $\\pm$ 1.41 (2)\\textsuperscript{1} & 73.50 $\\pm$ 1.41 & 83.00 $\\pm$ 1.41 \\\\",
      "hot\\_kd & resnet20 & resnet8 & \\textbf{74.70 $\\pm$ 1.54 (3)} & \\textbf{75.20 $\\pm$ 1.54} & \\textbf{84.70 $\\pm$ 1.54} \\\\",
      "\\bottomrule",
      "\\end{tabular}",
      "\\end{adjustbox}",
      "",
      "\\noindent{\\footnotesize \\textsuperscript{1} Not shown: 1 quick (run with other epochs or fewer batches).\\par}",
      "",
      "% mine: paired differences over the seeds that both rows have, with their 95 % interval (Student's t).",
      "\\noindent\\begin{adjustbox}{max width=\\linewidth, max totalheight=0.8\\textheight}",
      "\\begin{tabular}{lrrrr}",
      "\\toprule",
      " & $\\Delta$ top-1, last & 95 \\% interval & seeds & verdict \\\\",
      "\\midrule",
      "hot\\_kd $-$ kd & +1.05 & +0.41 \\ldots{} +1.69 & 2 & better \\\\",
      "\\bottomrule",
      "\\end{tabular}",
      "\\end{adjustbox}",
    ]);
  },
);

await needs(
  ["read", "write"],
  "latex: every line of a tabular has all columns, braces and dollars are in pairs",
  async () => {
    const text = await formatted("latex");
    for (const [, columns, body] of text.matchAll(/\\begin\{tabular\}\{([lr]+)\}\n(.*?)\\end/gs)) {
      for (const line of body.split("\n").filter((line) => line.endsWith("\\\\"))) {
        const spans = line.split(/(?<!\\)&/).map((cell) =>
          Number(cell.match(/multicolumn\{(\d+)\}/)?.[1] ?? 1)
        );
        assertEquals(spans.reduce((a, b) => a + b), columns.length, line);
        assertEquals(line.match(/(?<!\\)\{/g)?.length, line.match(/(?<!\\)\}/g)?.length, line);
        assert((line.match(/(?<!\\)\$/g) ?? []).length % 2 === 0, line);
        assert(!/(?<!\\)[%#_]/.test(line), line);
      }
    }
  },
);

Deno.test("latex: the best number is bold, an absent number is a dash", () => {
  assertEquals(
    latexNumber({ mean: 70, decimals: 2, text: "70.00 ± 0.10 (3)" }),
    "70.00 $\\pm$ 0.10 (3)",
  );
  assertEquals(
    latexNumber({ mean: 70, decimals: 2, text: "70.00", best: true }),
    "\\textbf{70.00}",
  );
  assertEquals(latexNumber(undefined), "--");
});

Deno.test("latex: a comment is one line", () => {
  assertEquals(latexComment("Two\nlines, 5 %."), "% Two lines, 5 %.");
});

Deno.test("latex: a tabular has booktabs' rules, and is at most as wide as the text", () => {
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

Deno.test("latex: neighbours of a group share a heading with a rule, columns without a group have none", () => {
  const groups = [undefined, undefined, "A", "A", undefined, "B"];
  const header = [["", "", "a", "b", "c", "d"]];
  const [, , , names, rules, next] = tabular({ left: 1, groups, header, lines: [] }).split("\n");
  assertEquals(names, " &  & \\multicolumn{2}{c}{A} &  & \\multicolumn{1}{c}{B} \\\\");
  assertEquals(rules, "\\cmidrule(lr){3-4}\\cmidrule(lr){6-6}");
  assertEquals(next, " &  & a & b & c & d \\\\");
});

Deno.test("latex: footnotes have superscript marks and are printed, escaped, below the table", () => {
  const notes = footnotes(latexFootnotes);
  assertEquals(notes.below(), "");
  assertEquals(
    [notes.mark("5 %"), notes.mark("a_b"), notes.mark("5 %")].map((mark) => mark.slice(-3)),
    [
      "{1}",
      "{2}",
      "{1}",
    ],
  );
  assertEquals(
    notes.below(),
    "\n\\noindent{\\footnotesize \\textsuperscript{1} 5 \\% \\\\\n\\textsuperscript{2} a\\_b\\par}",
  );
});
