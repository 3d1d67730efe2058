/** How positions are resized: bicubic with antialiasing (timm) or without (DeiT). */
export type Resizing = "timm" | "deit";

/** The rows and columns of the patches of an image. */
export type Grid = readonly [rows: number, columns: number];

/**
 * Resizes the positions of tokens, [tokens, width], from the patches of one grid to those of another
 * one. The first `before` tokens keep theirs. DeiT's way is the cubic of a = −0.75 between the four
 * nearest patches, edges repeated; timm's is the cubic of a = −0.5, stretched where the grid
 * shrinks, without what is outside.
 */
export function resizePositions(
  positions: ArrayLike<number>,
  before: number,
  from: Grid,
  to: Grid,
  way: Resizing,
): Float32Array {
  const width = positions.length / (before + from[0] * from[1]);
  const [down, across] = [0, 1].map((axis) => weigh(from[axis], to[axis], way));
  const out = new Float32Array((before + to[0] * to[1]) * width);
  for (let i = 0; i < before * width; i++) out[i] = positions[i];
  for (const [row, above] of down.entries()) {
    for (const [column, beside] of across.entries()) {
      const at = (before + row * to[1] + column) * width;
      const sum = new Float64Array(width);
      for (const [y, v] of above) {
        for (const [x, u] of beside) {
          const start = (before + y * from[1] + x) * width;
          for (let i = 0; i < width; i++) sum[i] += u * v * positions[start + i];
        }
      }
      out.set(sum, at);
    }
  }
  return out;
}

/** The places of a side of length `from`, and their weights, for each place of a side `to`. */
function weigh(from: number, to: number, way: Resizing): [place: number, weight: number][][] {
  const stretch = way === "timm" ? Math.max(1, from / to) : 1;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * from / to - 0.5;
    const reach = 2 * stretch;
    const first = Math.ceil(centre - reach);
    const places = Array.from(
      { length: Math.floor(centre + reach) - first + 1 },
      (_, j) => first + j,
    );
    if (way === "deit") {
      return places.map((place) => [
        Math.min(Math.max(place, 0), from - 1),
        cubic(place - centre, -0.75),
      ]);
    }
    const inside = places.filter((place) => place >= 0 && place < from)
      .map((place): [number, number] => [place, cubic((place - centre) / stretch, -0.5)]);
    const total = inside.reduce((sum, [, weight]) => sum + weight, 0);
    return inside.map(([place, weight]) => [place, weight / total]);
  });
}

/** Keys's cubic convolution kernel (1981). */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x >= 2) return 0;
  return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}
