import { type ClassMaps, classMaps } from "../analysis/grad_cam.ts";
import { Failure } from "../values/failure.ts";
import type { Figure, FigureSettings, Shown } from "./figure.ts";
import { runsInWords, withoutTeachers } from "./panels.ts";
import { type Colour, colourScale, imageColours, pngAddress } from "./pixels.ts";
import { readTaught, withTeachers } from "./trained_networks.ts";

/** The test images that are shown unless some are chosen. */
const IMAGES = 6;

/** The side of a shown image, in pixels of the figure. */
const SIDE = 84;

/** Where the name of a column breaks into lines: `module#export`, `folder/module`, `teacher network`. */
const BREAKS = /[#/ ]/;

/** The height of a line of a column's name. */
const LINE = 11;

const countLines = (name: string) => name.split(BREAKS).length;

/** SHAKE's figure 5: where each network looks for the class of an image. */
export const gradCamMaps: Figure = {
  about: "Grad-CAM++ on chosen images for students and teacher (SHAKE 5)",
  async draw(all, settings) {
    const shown = withoutTeachers(all);
    const taught = await readTaught(shown, settings);
    const networks = await withTeachers(taught);
    const images = settings.images ?? await evenImages(taught[0], settings);
    const heat = colourScale("turbo");
    const columns: string[] = ["image"];
    const cells: ReturnType<typeof cellOf>[] = [];
    for (const { label, subject } of networks) {
      const maps = await classMaps(subject, images, settings);
      const name = (i: number) => `${images[i]}: ${maps.classes[maps.labels[i]]}`;
      for (const i of images.keys()) {
        const pixels = imageColours(maps.pixels, maps.image, i);
        if (!cells.some(({ row }) => row === name(i))) {
          cells.push(cellOf(name(i), "image", pixels, maps));
        }
        cells.push(
          cellOf(name(i), label, pixels.map((own, j) => mix(own, heat(mapOf(maps, i)[j]))), maps),
        );
      }
      columns.push(label);
    }
    const rows = [...new Set(cells.map(({ row }) => row))];
    return {
      title: "Grad-CAM++ visualization",
      caption: [
        runsInWords(taught, settings),
        "of the class of each test image at the last map; from blue, 0, to red, 1",
      ],
      chart: {
        data: { values: cells },
        width: { step: SIDE + 6 },
        height: { step: SIDE + 6 },
        mark: { type: "image", width: SIDE, height: SIDE },
        encoding: {
          x: {
            ...{ field: "column", type: "nominal", title: null, sort: columns } as const,
            axis: {
              ...{ orient: "top", labelAngle: 0, domain: false, ticks: false } as const,
              ...{ labelExpr: `split(datum.label, regexp('${BREAKS.source}'))` },
              ...{ labelLimit: SIDE + 4, labelLineHeight: LINE },
              // Lines grow downwards, to the pictures.
              labelPadding: 3 + LINE * (Math.max(...columns.map(countLines)) - 1),
            },
          },
          y: {
            ...{ field: "row", type: "nominal", title: null, sort: rows } as const,
            axis: { domain: false, ticks: false },
          },
          url: { field: "url", type: "nominal" },
          description: { field: "description", type: "nominal" },
        },
        view: { stroke: null },
      },
    };
  },
};

/** Test images at even distances. */
async function evenImages(
  { experiment: { dataset } }: Shown,
  { data, status }: FigureSettings,
): Promise<number[]> {
  const opened = await dataset.open(data, status.line);
  const { size } = opened.test;
  opened.close();
  if (size === 0) throw new Failure(2, `${dataset.id} has no test images`);
  const count = Math.min(IMAGES, size);
  return Array.from({ length: count }, (_, i) => Math.floor(i * size / count));
}

function cellOf(row: string, column: string, colours: readonly Colour[], { image }: ClassMaps) {
  return { row, column, description: `${column}, ${row}`, url: pngAddress(colours, image[1]) };
}

function mapOf({ image: [height, width], maps }: ClassMaps, i: number): Float32Array {
  return maps.subarray(i * height * width, (i + 1) * height * width);
}

/** Half of one colour and half of another. */
function mix(one: Colour, other: Colour): Colour {
  const half = (i: 0 | 1 | 2) => Math.round((one[i] + other[i]) / 2);
  return [half(0), half(1), half(2)];
}
