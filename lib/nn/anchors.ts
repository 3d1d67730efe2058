import { roundToEven } from "../values/numbers.ts";

/** A level of a pyramid of maps, of which every place has anchors. */
export interface AnchorLevel {
  /** Height and width of its map. */
  readonly map: readonly [height: number, width: number];
  /** Square roots of the anchors' areas in pixels of the image. */
  readonly sizes: readonly number[];
  /** Heights over widths. */
  readonly ratios: readonly number[];
}

/**
 * torchvision's anchors of an image with these sides, padding included: x1, y1, x2, y2 level by
 * level, row by row, then by ratio, then by size. A cell's corners are rounded, half to even; the
 * distance between two cells is the image's side over the map's, rounded down. Anchors reach beyond
 * the image.
 */
export function torchvisionAnchors(
  [height, width]: readonly [height: number, width: number],
  levels: readonly AnchorLevel[],
): Float32Array {
  return Float32Array.from(
    levels.flatMap(({ map, sizes, ratios }) =>
      place(roundedCells(sizes, ratios), map, [
        Math.floor(height / map[0]),
        Math.floor(width / map[1]),
      ])
    ),
  );
}

/**
 * detectron2's anchors on maps with these strides in pixels: x1, y1, x2, y2 level by level, row by
 * row, then by size, then by ratio, exact. Anchors reach beyond the image.
 */
export function detectron2Anchors(
  levels: readonly (AnchorLevel & { readonly stride: number })[],
): Float32Array {
  return Float32Array.from(
    levels.flatMap(({ map, sizes, ratios, stride }) => {
      const cells = sizes.flatMap((size) =>
        ratios.map((ratio) => {
          const width = Math.sqrt(size * size / ratio);
          return cell(width, width * ratio);
        })
      );
      return place(cells, map, [stride, stride]);
    }),
  );
}

/** A box around 0: x1, y1, x2, y2. */
type Cell = readonly [number, number, number, number];

const cell = (width: number, height: number): Cell => [
  -width / 2,
  -height / 2,
  width / 2,
  height / 2,
];

/** torchvision's cells, which it computes in float32. */
function roundedCells(sizes: readonly number[], ratios: readonly number[]): Cell[] {
  return ratios.flatMap((ratio) => {
    const high = Math.fround(Math.sqrt(Math.fround(ratio)));
    const wide = Math.fround(1 / high);
    return sizes.map((size) => {
      const [x1, y1, x2, y2] = cell(Math.fround(wide * size), Math.fround(high * size));
      return [roundToEven(x1), roundToEven(y1), roundToEven(x2), roundToEven(y2)] as const;
    });
  });
}

/** The cells at every place of a map. */
function place(
  cells: readonly Cell[],
  [rows, columns]: readonly [number, number],
  [down, across]: readonly [number, number],
): number[] {
  return Array.from({ length: rows * columns }, (_, i) => {
    const x = i % columns * across;
    const y = Math.floor(i / columns) * down;
    return cells.flatMap(([x1, y1, x2, y2]) => [x1 + x, y1 + y, x2 + x, y2 + y]);
  }).flat();
}
