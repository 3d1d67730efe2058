/**
 * Formats rows of cells as plain text, with two spaces between the columns. The first `left`
 * columns are aligned to the left, the others to the right. Default: 1.
 */
export function columns(rows: readonly (readonly string[])[], left = 1): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((cells) => [...cells[column]].length))
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => {
      const space = " ".repeat(widths[column] - [...cell].length);
      return column < left ? cell + space : space + cell;
    }).join("  ").trimEnd();
  return rows.map(line).join("\n");
}
