/**
 * Counts the marks of a kind in an SVG of Vega: `point`, `bar` …, by its accessible role; or lines:
 * `line mark`.
 */
export function countIn(svg: string, role: string): number {
  return svg.match(new RegExp(`aria-roledescription="${role}"`, "g"))?.length ?? 0;
}

/** The left edges of the charts in an SVG of Vega with frames of this width, in the order drawn. */
export function leftsIn(svg: string, width: number): number[] {
  const frame = `<path class="background" aria-hidden="true" d="M0.5,0.5h${width}v`;
  const found = svg.matchAll(new RegExp(`translate\\(([\\d.]+),[\\d.]+\\)">${frame}`, "g"));
  return Array.from(found, ([, left]) => Number(left));
}
