import { vid as method } from "../../../lib/distillers/vid.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourWeight } from "../../support/layout.ts";
import { vidNames } from "../../support/reference_networks.ts";
import { after, check, type Checks, type Expected, type Loss } from "./check.ts";
import { betweenMaps, expectedOfMaps, pairsOf } from "./maps.ts";

async function checkVid(golden: Golden<Loss>): Promise<void> {
  const taps = pairsOf(golden);
  const { init_pred_var: variance } = golden.facts.args;
  const own = taps.flatMap(([tap], i) =>
    Object.entries(vidNames(tap)).map(([theirs, ours]) => [`mod.vid${i}.${theirs}`, ours] as const)
  );
  const values = own.map(([theirs, ours]) =>
    [ours, ourWeight(golden.tensor(theirs)).data] as const
  );
  const made = betweenMaps(golden, taps, method({ taps, variance, weight: 1, ce: 0 }), values);
  await check(golden, made, new Int32Array(golden.tensor("in.s0").shape[0]), [
    ...expectedOfMaps(golden, taps, "vid"),
    ...own.map(([theirs, ours]): Expected => ({
      golden: [`grad.${theirs}`],
      ours: after(ours),
      layout: ourWeight,
    })),
  ]);
}

/** VID with learned variances. */
export const vid: Checks = [[/^vid(_|$)/, checkVid]];
