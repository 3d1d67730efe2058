import { assert, assertEquals } from "@std/assert";
import { escapeLatex, lackingLetters } from "../../../lib/tables/formats/latex_text.ts";
import { isInstalled } from "../../support/installed.ts";
import { everything, granted } from "../../support/needs.ts";
import { inTemporary } from "../../support/temporary.ts";

Deno.test("latex: every special character is escaped", () => {
  assertEquals(escapeLatex("a_b 5% & #1 $x {y}"), "a\\_b 5\\% \\& \\#1 \\$x \\{y\\}");
  assertEquals(escapeLatex("\\~^"), "\\textbackslash{}\\textasciitilde{}\\textasciicircum{}");
  assertEquals(escapeLatex("<a|b>"), "\\textless{}a\\textbar{}b\\textgreater{}");
  assertEquals(escapeLatex("Δ a − b ± 0.10"), "$\\Delta$ a $-$ b $\\pm$ 0.10");
  assertEquals(escapeLatex("DML† → é"), "DML\\dag{} $\\to$ é");
  // After the \\ of the line above, LaTeX would read both as its argument.
  for (const text of ["[a]", "*a"]) assert(escapeLatex(text).startsWith("{"));
});

Deno.test("latex: Greek letters and signs of formulas are commands", () => {
  assertEquals(escapeLatex("τ = 4, θ ≥ 2, ω"), "$\\tau$ = 4, $\\theta$ $\\geq$ 2, $\\omega$");
  assertEquals(escapeLatex("ρ σ ς Σ Α Ω"), "$\\rho$ $\\sigma$ $\\varsigma$ $\\Sigma$ A $\\Omega$");
  assertEquals(escapeLatex("ℓ₂, x², 10⁻³, ∞"), "$\\ell$$_{2}$, x$^{2}$, 10$^{-}$$^{3}$, $\\infty$");
  assertEquals(escapeLatex("e\u0301"), "é");
});

Deno.test("latex: no letter of a Greek word or of a formula is left as it is", () => {
  const text = escapeLatex("αβγδεζηθικλμνξοπρςστυφχψω ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ ≤≥∈∞√∑∇‖·");
  assertEquals(text.match(/[^ -~]/g), null);
});

Deno.test("latex: letters that pdflatex lacks are named once, others are not", () => {
  assertEquals(lackingLetters("Käse é “q” 中文中 đ ½ ß – ½"), ["中", "文", "đ"]);
});

const hasPdflatex = await granted(everything) && await isInstalled("pdflatex");

Deno.test({
  name: `latex: pdflatex has every letter that is not named${
    hasPdflatex ? "" : " (needs pdflatex)"
  }`,
  ignore: !hasPdflatex,
  fn: () =>
    inTemporary(async (folder) => {
      const letters = Array.from({ length: 0x3000 }, (_, code) => String.fromCodePoint(code))
        .filter((letter) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(letter)).map(escapeLatex)
        .filter((text) => lackingLetters(text).length === 0);
      assert(letters.length > 400);
      const lines = letters.map((text) => `x${text}x\n\n`).join("");
      const head = "\\documentclass{article}\\begin{document}";
      await Deno.writeTextFile(`${folder}/a.tex`, `${head}\n${lines}\\end{document}\n`);
      const { code, stdout } = await new Deno.Command("pdflatex", {
        args: ["-interaction=nonstopmode", "a.tex"],
        cwd: folder,
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stdout).match(/^!.*/gm)?.join("\n"));
    }),
});
