import { assert, assertEquals } from "@std/assert";
import { needs } from "./needs.ts";
import { formatted } from "./toy_tables.ts";

await needs(["read", "write"], "latex: a paper's table and one of our own, each a tabular", async () => {
  assertEquals((await formatted("latex")).split("\n"), [
    "% t1: Table 1. It needs \\usepackage{booktabs}.",
    "% Ours, best epoch: mean ± std (n). Below it the paper's number and, in brackets, Δ.",
    "\\begin{tabular}{lrr}",
    "\\toprule",
    "teacher & resnet20 & resnet56 \\\\",
    "student & resnet8 & resnet8 \\\\",
    "\\midrule",
    "student & -- & -- \\\\",
    " & \\footnotesize 70.36 & \\footnotesize 70.36 \\\\",
    "\\midrule",
    "\\multicolumn{3}{l}{\\textit{old, 5\\%}} \\\\",
    "KD\\dag{} & 73.50 $\\pm$ 1.41 (2) & -- \\\\",
    " & \\footnotesize 72.98 $\\pm$ 0.10 (3) (+0.52) &  \\\\",
    "\\midrule",
    "\\multicolumn{3}{l}{\\textit{new}} \\\\",
    "SLKD{*} & \\textbf{75.20 $\\pm$ 1.54 (3)} & -- \\\\",
    " & \\footnotesize \\textbf{75.01} (+0.19) & \\footnotesize 74.00 \\\\",
    "$\\Delta$ SLKD{*} $-$ KD\\dag{} & +1.70 & -- \\\\",
    " & \\footnotesize +2.03 ($-$0.33) &  \\\\",
    "\\bottomrule",
    "\\end{tabular}",
    "",
    "% mine: Mine, 100 %. It needs \\usepackage{booktabs}.",
    "% Mean ± std, over n trials.",
    "\\begin{tabular}{lllrrr}",
    "\\toprule",
    " & teacher & student & top-1, last (n) & top-1, best & top-5, last \\\\",
    "\\midrule",
    "teacher & -- & resnet20 & 80.00 (1) & 80.50 & 90.00 \\\\",
    "kd & resnet20 & resnet8 & 73.00 $\\pm$ 1.41 (2) & 73.50 $\\pm$ 1.41 & 83.00 $\\pm$ 1.41 \\\\",
    "hot\\_kd & resnet20 & resnet8 & \\textbf{74.70 $\\pm$ 1.54 (3)} & \\textbf{75.20 $\\pm$ 1.54} & \\textbf{84.70 $\\pm$ 1.54} \\\\",
    "\\bottomrule",
    "\\end{tabular}",
    "",
    "% mine: paired differences over the seeds that both rows have, with their 95 % interval (Student's t).",
    "\\begin{tabular}{lrrrr}",
    "\\toprule",
    " & $\\Delta$ top-1, last & 95 \\% interval & seeds & verdict \\\\",
    "\\midrule",
    "hot\\_kd $-$ kd & +1.05 & +0.41 \\ldots{} +1.69 & 2 & better \\\\",
    "\\bottomrule",
    "\\end{tabular}",
  ]);
});

await needs(
  ["read", "write"],
  "latex: lines of a tabular are as wide as its columns, braces and dollars in pairs",
  async () => {
    const text = await formatted("latex");
    for (const [, columns, body] of text.matchAll(/\\begin\{tabular\}\{([lr]+)\}\n(.*?)\\end/gs)) {
      for (const line of body.split("\n").filter((line) => line.endsWith("\\\\"))) {
        const cells = line.split(/(?<!\\)&/).length, [, spanned] = line.match(/multicolumn\{(\d+)\}/) ?? [];
        assertEquals(Number(spanned ?? cells), columns.length, line);
        assertEquals(line.match(/(?<!\\)\{/g)?.length, line.match(/(?<!\\)\}/g)?.length, line);
        assert((line.match(/(?<!\\)\$/g) ?? []).length % 2 === 0, line);
        assert(!/(?<!\\)[%#_]/.test(line), line);
      }
    }
  },
);
