/** A field of a CSV file; absent ones are empty. */
export type Field = string | number | undefined;

/** Records as CSV, a header above them, quoted by RFC 4180: a field with a comma, a quote or a line break. Lines end in `\n`. */
export function csv<const N extends string>(
  header: readonly N[],
  records: readonly { readonly [K in N]?: Field }[],
): string {
  const lines = [header, ...records.map((record) => header.map((name) => record[name]))];
  return lines.map((fields: readonly Field[]) => fields.map(quoted).join(",")).join("\n");
}

function quoted(field: Field): string {
  const text = String(field ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
