import { nst as method } from "../../../lib/distillers/nst.ts";
import type { Golden } from "../../support/goldens.ts";
import { check, type Checks, type Loss } from "./check.ts";
import { betweenMaps, expectedOfMaps, pairsOf } from "./maps.ts";

async function checkNst(golden: Golden<Loss>): Promise<void> {
  const taps = pairsOf(golden);
  const made = betweenMaps(golden, taps, method({ taps, weight: 1, ce: 0 }));
  await check(
    golden,
    made,
    new Int32Array(golden.tensor("in.s0").shape[0]),
    expectedOfMaps(golden, taps, "nst"),
  );
}

/** NST, with maps of one size and of several. */
export const nst: Checks = [[/^nst(_|$)/, checkNst]];
