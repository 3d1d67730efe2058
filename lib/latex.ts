import type { Printed } from "./printed.ts";

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

/** Lines of a table that belong together, cells of LaTeX. */
export interface Block {
  /** What stands above them. */
  readonly name?: string;
  /** The cells of each line. */
  readonly lines: readonly (readonly string[])[];
}

/** A `tabular` with the rules of the package booktabs: so many columns aligned to the left, the others to the right. */
export function tabular(left: number, header: readonly (readonly string[])[], blocks: readonly Block[]): string {
  const width = header[0].length, line = (cells: readonly string[]) => `${cells.join(" & ")} \\\\`;
  const parts = [{ lines: header }, ...blocks].map(({ name, lines }: Block) => [
    ...name === undefined ? [] : [`\\multicolumn{${width}}{l}{\\textit{${name}}} \\\\`],
    ...lines.map(line),
  ]);
  return [
    `\\begin{tabular}{${"l".repeat(left)}${"r".repeat(width - left)}}`,
    "\\toprule",
    parts.map((lines) => lines.join("\n")).join("\n\\midrule\n"),
    "\\bottomrule",
    "\\end{tabular}",
  ].join("\n");
}
