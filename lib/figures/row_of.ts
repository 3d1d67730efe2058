import type { ChartPart } from "./figure.ts";

/** Room for an axis between two charts of a row. */
const SPACING = 70;

/** Two charts side by side under a title. They stand at the same places in every row. */
export function rowOf(title: string, parts: [left: ChartPart, right: ChartPart]): ChartPart {
  return {
    title: { text: title, fontSize: 11, fontWeight: "normal", anchor: "start", frame: "group" },
    hconcat: parts,
    bounds: "flush",
    spacing: SPACING,
  };
}
