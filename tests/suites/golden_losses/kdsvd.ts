import { kdsvd as method } from "../../../lib/distillers/kdsvd.ts";
import type { Golden, Numbers } from "../../support/goldens.ts";
import { check, type Checks, type Loss } from "./check.ts";
import { betweenMaps, expectedOfMaps, pairsOf } from "./maps.ts";

/**
 * A teacher's map, [batch, channels, height, width], with its rows mirrored along each singular
 * vector, [batch, entries, vectors], that does not point where their sum does. Ours does, the
 * reference's may not; nothing else that is made of the teacher's map changes.
 */
function mirrored(map: Numbers, vectors: Numbers, over: "channels" | "columns"): Numbers {
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

const singular = (over: "channels" | "columns") => async (golden: Golden<Loss>): Promise<void> => {
  const taps = pairsOf(golden);
  const { k: vectors } = golden.facts.args;
  const align = (map: Numbers, i: number) => mirrored(map, golden.tensor(`out.aux_vt${i}`), over);
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

/** KDSVD as RepDistiller and as mdistiller has it. */
export const kdsvd: Checks = [[/^kdsvd$/, singular("channels")], [
  /^kdsvd_md$/,
  singular("columns"),
]];
