import { at as method } from "../../../lib/distillers/at.ts";
import type { Golden } from "../../support/goldens.ts";
import { check, type Checks, type Loss } from "./check.ts";
import { betweenMaps, expectedOfMaps, pairsOf } from "./maps.ts";

const checkDistance =
  (distance: "squared" | "norm") => async (golden: Golden<Loss>): Promise<void> => {
    const taps = pairsOf(golden);
    const made = betweenMaps(golden, taps, method({ taps, distance, weight: 1, ce: 0 }));
    await check(
      golden,
      made,
      new Int32Array(golden.tensor("in.s0").shape[0]),
      expectedOfMaps(golden, taps, "at"),
    );
  };

/** AT as released, with maps of one size and of several, and by the paper's equation. */
export const at: Checks = [[/^at(_|$)/, checkDistance("squared")], [
  /^td_at_paper$/,
  checkDistance("norm"),
]];
