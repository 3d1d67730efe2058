/**
 * Texts in LaTeX, as pdflatex and its standard fonts can print them.
 *
 * @module
 */

/** Characters that are special in LaTeX, and those that are special after `\\`: `[` and `*`. */
const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  "&": "\\&",
  "%": "\\%",
  $: "\\$",
  "#": "\\#",
  _: "\\_",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "[": "{[}",
  "*": "{*}",
  "†": "\\dag{}",
  "…": "\\ldots{}",
  "—": "--",
};

/** The Greek letters α … ω and Α … Ω in order, but for ς. Some have the form of a Latin letter. */
const GREEK = {
  small: "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi o pi rho " +
    "sigma tau upsilon varphi chi psi omega",
  capital: "A B Gamma Delta E Z H Theta I K Lambda M N Xi O Pi P Sigma T Upsilon Phi X Psi Omega",
};

/** The signs of formulas, each with the name of its command. */
const MATH = {
  ...{ "·": "cdot", "×": "times", "÷": "div", "±": "pm", "∓": "mp", "∘": "circ", "∗": "ast" },
  ...{ "⊕": "oplus", "⊗": "otimes", "⊙": "odot", "≤": "leq", "≥": "geq", "≪": "ll", "≫": "gg" },
  ...{ "≠": "neq", "≈": "approx", "≡": "equiv", "∼": "sim", "≃": "simeq", "∝": "propto" },
  ...{ "←": "leftarrow", "→": "to", "↔": "leftrightarrow", "↑": "uparrow", "↓": "downarrow" },
  ...{ "⇐": "Leftarrow", "⇒": "Rightarrow", "⇔": "Leftrightarrow", "↦": "mapsto" },
  ...{ "∈": "in", "∉": "notin", "⊂": "subset", "⊆": "subseteq", "∪": "cup", "∩": "cap" },
  ...{ "∀": "forall", "∃": "exists", "¬": "neg", "∧": "wedge", "∨": "vee", "⊥": "perp" },
  ...{ "∑": "sum", "∏": "prod", "∫": "int", "∂": "partial", "∇": "nabla", "∞": "infty" },
  ...{ "√": "surd", "‖": "Vert", "∥": "parallel", "ℓ": "ell", "∅": "emptyset", "′": "prime" },
  ...{ "⟨": "langle", "⟩": "rangle", "⌊": "lfloor", "⌋": "rfloor", "⌈": "lceil", "⌉": "rceil" },
  ...{ "ϵ": "epsilon", "ς": "varsigma", "ϕ": "phi", "ϑ": "vartheta", "△": "triangle" },
  ...{ "★": "star", "⋆": "star", "•": "bullet", "…": "ldots" },
};

/** Superscript and subscript digits and signs, in order. */
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻";
const LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋";
const DIGITS = "0123456789+-";

const SIGNS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(MATH).map(([sign, name]) => [sign, `$\\${name}$`] as const),
  ...greek("α", GREEK.small),
  ...greek("Α", GREEK.capital),
  ...[...DIGITS].map((digit, i) => [[...RAISED][i], `$^{${digit}}$`] as const),
  ...[...DIGITS].map((digit, i) => [[...LOWERED][i], `$_{${digit}}$`] as const),
  ["−", "$-$"],
  ...Object.entries(SPECIAL),
]);

function greek(first: string, names: string): [string, string][] {
  return names.split(" ").map((name, i) => {
    // The 18th letter's place is ς, or empty.
    const letter = String.fromCodePoint(first.codePointAt(0)! + i + (i >= 17 ? 1 : 0));
    return [letter, name.length === 1 ? name : `$\\${name}$`];
  });
}

/**
 * The other letters that pdflatex and its standard fonts have: Western and Central European ones,
 * with their signs.
 */
const KNOWN = /[\n -~\u00a0-\u017e‐-―‘’“”†-•…‰※‽⁄€₩₫₱℃№℗℠™℮ȘșȚțẞ]/u;
const UNKNOWN = /[«»ŉÐðÞþĐđĦħĸĿŀŊŋŦŧĄąĘęĮįŲų]/u;

/** Escapes a text, so that LaTeX prints every character of it. */
export function escapeLatex(text: string): string {
  return [...text.normalize("NFC")].map((sign) => SIGNS.get(sign) ?? sign).join("");
}

/** The letters of a LaTeX text that pdflatex lacks, each once. */
export function lackingLetters(latex: string): string[] {
  return [...new Set(latex)].filter((sign) => !KNOWN.test(sign) || UNKNOWN.test(sign));
}
