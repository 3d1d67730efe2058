import type { Stream } from "../lib/values/random.ts";

/**
 * A straight line between two neighbouring points of a 3 × 3 grid with the coordinates −1, 0 and 1.
 */
export type Stroke = readonly [x0: number, y0: number, x1: number, y1: number];

/** A figure of connected strokes. */
export type Glyph = readonly Stroke[];

/** The number of strokes of a glyph. */
const STROKES = 5;

/**
 * Makes random figures of five strokes. No two are the same after a shift. The figures 2i and
 * 2i + 1 differ in one stroke only. So other figures share the parts of a figure, and only the
 * whole identifies it.
 */
export function glyphs(count: number, random: Stream): Glyph[] {
  const found = new Map<string, Glyph>();
  while (found.size < count) {
    const stem = grow([], STROKES - 1, random);
    const pair = [grow(stem, 1, random), grow(stem, 1, random)];
    const shapes = pair.map(shape);
    const keys = shapes.map(String);
    const isNew = keys[0] !== keys[1] && !keys.some((key) => found.has(key));
    if (isNew && shapes.every(({ length }) => length === STROKES)) {
      pair.forEach((glyph, i) => found.set(keys[i], glyph));
    }
  }
  return [...found.values()].slice(0, count);
}

/** Adds `count` strokes to a glyph, each from the end of the last one to a neighbouring point. */
function grow(glyph: Glyph, count: number, random: Stream): Glyph {
  const strokes = [...glyph];
  while (strokes.length < glyph.length + count) {
    const [, , x, y] = strokes.at(-1) ?? [0, 0, random.below(3) - 1, random.below(3) - 1];
    const right = x + random.below(3) - 1;
    const down = y + random.below(3) - 1;
    const isInside = Math.abs(right) <= 1 && Math.abs(down) <= 1;
    if (isInside && (right !== x || down !== y)) strokes.push([x, y, right, down]);
  }
  return strokes;
}

/**
 * The strokes without direction, repetition, order and position. Figures of the same look have
 * equal shapes.
 */
function shape(glyph: Glyph): string[] {
  const left = Math.min(...glyph.flatMap(([x0, , x1]) => [x0, x1]));
  const top = Math.min(...glyph.flatMap(([, y0, , y1]) => [y0, y1]));
  const ends = glyph.map(([x0, y0, x1, y1]) =>
    [`${x0 - left} ${y0 - top}`, `${x1 - left} ${y1 - top}`].sort().join("-")
  );
  return [...new Set(ends)].sort();
}
