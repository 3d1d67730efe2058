import { kdsvd as method } from "../../../lib/distillers/kdsvd.ts";
import type { Golden, Numbers } from "../../support/goldens.ts";
import { check, type Checks, type Loss } from "./check.ts";
import { betweenMaps, expectedOfMaps, pairsOf } from "./maps.ts";

/**
 * Mirrors the rows of a teacher's map, [batch, channels, height, width], along each singular
 * vector, [batch, entries, vectors], whose product with the sum of the rows is negative. For our
 * vectors it never is, for the reference's it may be. Nothing else computed from the map changes.
 */
function mirrorRows(map: Numbers, vectors: Numbers, over: "channels" | "columns"): Numbers {
  const [batch, channels, height, width] = map.shape;
  const size = channels * height * width;
  const [, entries, count] = vectors.shape;
  const rows = size / entries;
  const data = Float32Array.from(map.data);
  const at = (b: number, row: number, entry: number) =>
    b * size + (over === "channels" ? entry * rows + row : row * entries + entry);
  for (let b = 0; b < batch; b++) {
    for (let vector = 0; vector < count; vector++) {
      const v = Array.from(
        { length: entries },
        (_, i) => vectors.data[(b * entries + i) * count + vector],
      );
      const along = Array.from(
        { length: rows },
        (_, row) => v.reduce((sum, x, i) => sum + x * data[at(b, row, i)], 0),
      );
      if (along.reduce((a, b) => a + b) >= 0) continue;
      along.forEach((share, row) => v.forEach((x, i) => data[at(b, row, i)] -= 2 * share * x));
    }
  }
  return { shape: map.shape, data };
}

const checkOver = (over: "channels" | "columns") => async (golden: Golden<Loss>): Promise<void> => {
  const taps = pairsOf(golden);
  const { k: vectors } = golden.facts.args;
  const align = (map: Numbers, i: number) => mirrorRows(map, golden.tensor(`out.aux_vt${i}`), over);
  const made = betweenMaps(
    golden,
    taps,
    method({ taps, over, vectors, weight: 1, ce: 0 }),
    [],
    align,
  );
  await check(
    golden,
    made,
    new Int32Array(golden.tensor("in.s0").shape[0]),
    expectedOfMaps(golden, taps, "kdsvd"),
  );
};

/** KDSVD as in RepDistiller and as in mdistiller. */
export const kdsvd: Checks = [[/^kdsvd$/, checkOver("channels")], [
  /^kdsvd_md$/,
  checkOver("columns"),
]];
