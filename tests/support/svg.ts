/**
 * Counts the marks of a kind in an SVG of Vega: `point`, `bar` …, by its accessible role; or lines:
 * `line mark`.
 */
export function countIn(svg: string, role: string): number {
  return svg.match(new RegExp(`aria-roledescription="${role}"`, "g"))?.length ?? 0;
}
