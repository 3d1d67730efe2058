/**
 * Escapes a text so that markdown prints it unchanged, in a table's cell too: it becomes one line.
 */
export function escapeMarkdown(text: string): string {
  return text.replace(/\s*[\r\n]\s*/g, " ").replace(
    /[\\|*<>[\]`~$]|&(?=[#\w]+;)|(?<!\w)_|_(?!\w)|^#|#$|^[-+](?=\s)|(?<=^\d+)[.)](?=\s)/g,
    (sign) => `\\${sign}`,
  );
}

/** What stands for something that is missing. */
export const NONE = "—";

/** Writes a markdown link to a file by its relative path. */
export function formatLink(text: string, path: string): string {
  return `[${text}](${path.split("/").map(encodeURIComponent).join("/")})`;
}

/**
 * Writes a markdown table whose columns are aligned in the source too: the first to the left, the
 * others to the right. Cells are markdown.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [header, ...rows].map((cells) => header.map((_, column) => cells[column] ?? ""));
  const widths = header.map((_, column) =>
    Math.max(3, ...lines.map((cells) => [...cells[column]].length))
  );
  const padded = lines.map((cells) =>
    cells.map((cell, column) => {
      const space = " ".repeat(widths[column] - [...cell].length);
      return column === 0 ? cell + space : space + cell;
    })
  );
  const rule = widths.map((width, column) =>
    column === 0 ? `:${"-".repeat(width - 1)}` : `${"-".repeat(width - 1)}:`
  );
  return [padded[0], rule, ...padded.slice(1)].map((cells) => `| ${cells.join(" | ")} |`).join(
    "\n",
  );
}

/** A word at the beginning of a line that would make it a list, a quotation or a heading. */
const BLOCK = /^(?:[-+*>=]+|#{1,6}|\d+[.)])$/;

/** Folds a paragraph at 100 characters, as `deno fmt` does. */
export function foldParagraph(text: string, indent = ""): string {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if ([...indent, ...line, ...word].length < 100 || BLOCK.test(word)) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines.join(`\n${indent}`);
}

/** Writes a markdown list with one paragraph per item. Empty if there are no texts. */
export function formatList(texts: readonly string[]): string {
  return texts.map((text) => `- ${foldParagraph(text, "  ")}`).join("\n");
}

/** Joins paragraphs, tables and lists with blank lines. Omits empty ones. */
export function joinBlocks(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}
