/** Checks of how photos and their boxes are scaled. */
import { assertEquals } from "@std/assert";
import { project } from "../../datasets/images/box_split.ts";
import { fitSize } from "../../datasets/images/fit_size.ts";
import { type Filters, filters, rigidBilinear } from "../../datasets/images/resample.ts";
import type { Check, Golden, Numbers } from "./goldens.ts";
import { assertNear, tolerance } from "./tolerance.ts";

type Sides = readonly [height: number, width: number];

interface ResizeFacts {
  readonly original_hw: readonly Sides[];
  readonly resized_hw: readonly Sides[];
  readonly min_size: number;
  readonly max_size: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly size_table: readonly (readonly number[])[];
  readonly fp32_vs_fp64_rel_err: { readonly [name: string]: number };
}

/** The limits of the table of sizes, which its notes name. */
const TABLE = { shorter: 800, longer: 1333 };

/** Checks of the case `ops_resize`: sizes, pixels before they are rounded, boxes there and back. */
export const resizes: readonly Check<ResizeFacts>[] = [
  [/ops_resize/, (golden) => {
    const { original_hw, resized_hw, min_size, max_size, size_table } = golden.facts;
    for (const [height, width, ...sides] of size_table) {
      const photo = [height, width] as const;
      const found = (["torchvision", "detectron2"] as const).map((rule) =>
        fitSize(photo, TABLE, rule)
      );
      assertEquals(found.flat(), sides, `${height} × ${width}`);
    }
    const limits = { shorter: min_size, longer: max_size };
    const sizes = original_hw.map((photo) => fitSize(photo, limits, "torchvision"));
    assertEquals(sizes, resized_hw);
    near(golden, "out.batch", batchOf(golden, sizes));
    original_hw.forEach((photo, i) => {
      const boxes = golden.tensor(`in.b${i}`).data;
      const there = scaleBoxes(boxes, photo, sizes[i]);
      near(golden, `out.boxes${i}`, there);
      near(golden, `out.back${i}`, scaleBoxes(there, sizes[i], photo));
    });
  }],
];

function scaleBoxes(boxes: ArrayLike<number>, [height, width]: Sides, to: Sides): number[] {
  return Array.from({ length: boxes.length / 4 }, (_, i) => {
    const [left, top, right, bottom] = Array.from(boxes).slice(4 * i, 4 * i + 4);
    return project([left, top, right, bottom], { height, width }, to, false);
  }).flat();
}

/** The images, scaled, normalised and padded, [batch, channels, height, width]. */
function batchOf(golden: Golden<ResizeFacts>, sizes: readonly Sides[]): Float64Array {
  const { mean, std } = golden.facts;
  const [, channels, rows, columns] = golden.tensor("out.batch").shape;
  const batch = new Float64Array(sizes.length * channels * rows * columns);
  sizes.forEach(([height, width], i) => {
    const image = golden.tensor(`in.x${i}`);
    for (let c = 0; c < channels; c++) {
      const plane = scalePlane(image, c, [height, width]);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          batch[((i * channels + c) * rows + y) * columns + x] = (plane(y, x) - mean[c]) / std[c];
        }
      }
    }
  });
  return batch;
}

/** A channel of an image, scaled: its value at a row and a column. */
function scalePlane(
  { shape: [, rows, columns], data }: Numbers,
  channel: number,
  [height, width]: Sides,
): (y: number, x: number) => number {
  const down = listed(filters(rows, height, 0, rigidBilinear));
  const across = listed(filters(columns, width, 0, rigidBilinear));
  return (y, x) => {
    let sum = 0;
    down[y].weights.forEach((above, j) => {
      const row = (channel * rows + down[y].first + j) * columns;
      across[x].weights.forEach((beside, k) => {
        sum += above * beside * data[row + across[x].first + k];
      });
    });
    return sum;
  };
}

/** For each new pixel the index of its first old one, and its weights. */
function listed({ count, first, table }: Filters): { first: number; weights: number[] }[] {
  let at = 0;
  return Array.from({ length: count }, () => {
    const [distance, size] = table.subarray(at, at += 2);
    const weights = Array.from(table.subarray(at, at += size), (weight) => weight / 2 ** 22);
    return { first: first + distance, weights };
  });
}

function near(
  { facts, tensor }: Golden<ResizeFacts>,
  name: string,
  found: ArrayLike<number>,
): void {
  assertNear(name, found, tensor(name).data, tolerance(facts.fp32_vs_fp64_rel_err[name]));
}
