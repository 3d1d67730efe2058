import { parse, resetSVGDefIds, View } from "vega";
import { compile } from "vega-lite";
import type { Picture } from "./figure.ts";

/** DejaVu Sans and what is as wide as it: the room for texts is that of wide letters. */
export const FONT = "DejaVu Sans";

/** Ten colours that stay apart in print and for most colour-blind eyes, then lighter ones. */
const COLOURS = [
  ...["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"],
  ...["#56b4e9", "#000000", "#8c564b", "#5e3c99", "#7f7f7f"],
  ...["#80b9d9", "#eaaf80", "#80cfb9", "#e6bcd3", "#f3cf80"],
  ...["#abdaf4", "#a6a6a6", "#c6abA5", "#af9ecc", "#d0d0d0"],
];

/** Draws a picture as SVG, black on white. Equal pictures have equal bytes. */
export async function drawSvg({ title, caption, chart }: Picture): Promise<string> {
  const { spec } = compile({
    ...chart,
    title: { text: title, subtitle: [...caption], anchor: "start", offset: 14 },
    description: [title, ...caption].join(" "),
    background: "white",
    padding: 12,
    config: {
      font: `${FONT}, Verdana, sans-serif`,
      range: { category: COLOURS },
      title: { fontSize: 13, fontWeight: "bold", subtitleFontSize: 10, subtitlePadding: 6 },
      axis: { titleFontWeight: "normal", gridColor: "#e5e5e5", labelFontSize: 9 },
      header: { titleFontWeight: "normal", labelFontSize: 11 },
      legend: { titleFontWeight: "normal" },
      view: { stroke: "#999999" },
    },
  });
  // Clips and gradients are numbered through the whole process.
  resetSVGDefIds();
  const view = new View(parse(spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
