import type { FootnoteFormat } from "./footnotes.ts";
import type { Printed } from "../printed.ts";

/** What LaTeX takes for something else, what ends a line with it too, and what its standard fonts lack. */
const SIGNS: Readonly<Record<string, string>> = {
  ...{ "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "&": "\\&", "%": "\\%", $: "\\$", "#": "\\#", _: "\\_" },
  ...{ "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}" },
  ...{ "|": "\\textbar{}", "[": "{[}", "*": "{*}" },
  ...{ "−": "$-$", "±": "$\\pm$", "×": "$\\times$", "·": "$\\cdot$", "→": "$\\to$", Δ: "$\\Delta$", "†": "\\dag{}" },
  ...{ "…": "\\ldots{}", "—": "--" },
};

/** A text as LaTeX prints it, letter by letter. */
export function escaped(text: string): string {
  return [...text].map((sign) => SIGNS[sign] ?? sign).join("");
}

/** A number as LaTeX, in bold where it is the best. */
export function shown(printed: Printed | undefined): string {
  if (!printed) return "--";
  return printed.best ? `\\textbf{${escaped(printed.text)}}` : escaped(printed.text);
}

/** Text that LaTeX passes over, in one line. */
export function comment(text: string): string {
  return `% ${text.replace(/\s+/g, " ")}`;
}

/** A mark above the line, and footnotes as small print below the table. */
export const inLatex: FootnoteFormat = {
  mark: (number) => `\\textsuperscript{${number}}`,
  below(notes) {
    const lines = notes.map(([mark, text]) => `${mark} ${escaped(text)}`);
    return lines.length > 0 ? `\n\\noindent{\\footnotesize ${lines.join(" \\\\\n")}\\par}` : "";
  },
};

/** What `tabular` prints. Cells are LaTeX. */
export interface Tabular {
  /** How many columns are aligned to the left, the others to the right. */
  readonly left: number;
  /** What stands above each column, once above neighbours that have the same; nothing anywhere where it is left out. */
  readonly groups?: readonly (string | undefined)[];
  /** The lines of the header. */
  readonly header: readonly (readonly string[])[];
  /** The lines below it. */
  readonly lines: readonly (readonly string[])[];
}

/** What the preamble needs for `tabular`. */
export const PACKAGES = "\\usepackage{adjustbox,booktabs}";

/** A `tabular` with the rules of the package booktabs, made smaller by adjustbox where it is wider or higher than the text. */
export function tabular({ left, groups = [], header, lines }: Tabular): string {
  const columns = "l".repeat(left) + "r".repeat(header[0].length - left);
  return [
    "\\noindent\\begin{adjustbox}{max width=\\linewidth, max totalheight=0.8\\textheight}",
    `\\begin{tabular}{${columns}}`,
    "\\toprule",
    ...spans(groups),
    ...header.map(line),
    "\\midrule",
    ...lines.map(line),
    "\\bottomrule",
    "\\end{tabular}",
    "\\end{adjustbox}",
  ].join("\n");
}

function line(cells: readonly string[]): string {
  return `${cells.join(" & ")} \\\\`;
}

/** The line of the columns' groups, and a rule below each; none where no column has one. */
function spans(groups: readonly (string | undefined)[]): string[] {
  if (groups.every((group) => group === undefined)) return [];
  const starts = [...groups.keys()].filter((i) => groups[i] === undefined || groups[i] !== groups[i - 1]);
  const ends = starts.map((_, i) => starts[i + 1] ?? groups.length);
  const names = starts.map((start, i) => {
    return groups[start] === undefined ? "" : `\\multicolumn{${ends[i] - start}}{c}{${groups[start]}}`;
  });
  const rules = starts.map((start, i) => groups[start] === undefined ? "" : `\\cmidrule(lr){${start + 1}-${ends[i]}}`);
  return [line(names), rules.join("")];
}
