import type { Chart } from "./figure.ts";
import type { Point } from "./logs.ts";

/** The axes of lines over epochs. */
export interface LineAxes {
  /** The title of the vertical axis. */
  readonly y: string;
  /** The title of the legend: what a line is. */
  readonly legend: string;
  /** Whether the vertical axis starts at 0. Default: false. */
  readonly zero?: boolean;
  /** Whether each panel has a vertical axis of its own. Default: false. */
  readonly own?: boolean;
  /** The range of the vertical axis. Default: that of the points. */
  readonly range?: readonly [number, number];
  /**
   * Whether lines differ by their dashes too, so that one shows through another. Default: false.
   */
  readonly dashed?: boolean;
}

/** The length of a dash and the gap after it. */
const PERIOD = 16;

/** Dashes of lines, the first without gaps. Of lines over each other an equal part of each shows. */
function dashes(count: number): number[][] {
  return Array.from({ length: count }, (_, i) => {
    const gap = Math.round(PERIOD * i / count);
    return [PERIOD - gap, gap];
  });
}

/** Lines over epochs, two panels in a row, each with its name above. */
export function lines(
  points: readonly Point[],
  { y, legend, zero = false, own = false, range, dashed = false }: LineAxes,
): Chart {
  const names = [...new Set(points.map(({ line }) => line))];
  const panels = [...new Set(points.map(({ panel }) => panel))];
  return {
    data: { values: [...points] },
    facet: {
      field: "panel",
      type: "nominal",
      title: null,
      sort: panels,
    },
    // The panels of a column are as wide as the widest one.
    align: "each",
    columns: Math.min(2, panels.length),
    spec: {
      width: panels.length > 1 ? 260 : 360,
      height: panels.length > 1 ? 180 : 240,
      mark: { type: "line", point: { size: 12 }, strokeWidth: 1.5 },
      encoding: {
        x: {
          field: "epoch",
          type: "quantitative",
          title: "epoch",
          scale: { nice: false },
          axis: { tickMinStep: 1, format: "d" },
        },
        y: {
          field: "value",
          type: "quantitative",
          title: y,
          scale: { zero, ...range && { domain: [...range] } },
        },
        color: { field: "line", type: "nominal", title: legend, sort: names },
        ...dashed && {
          strokeDash: {
            ...{ field: "line", type: "nominal", title: legend, sort: names } as const,
            scale: { domain: names, range: dashes(names.length) },
            legend: { symbolType: "stroke", symbolSize: 400, symbolStrokeWidth: 2 },
          },
        },
      },
    },
    // An axis that is shared stands apart from the panels.
    resolve: {
      scale: { x: "independent", y: own || panels.length === 1 ? "independent" : "shared" },
    },
  };
}
