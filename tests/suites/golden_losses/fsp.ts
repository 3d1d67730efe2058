import { fspInit, type FspInitOptions } from "../../../lib/distillers/fsp.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourMap } from "../../support/layout.ts";
import { after, check, type Checks, type Expected, type Loss, terms, total } from "./check.ts";
import { betweenMaps, type MapTap, pairsOf } from "./maps.ts";

const checkFlows =
  (options: FspInitOptions<MapTap, MapTap>) => async (golden: Golden<Loss>): Promise<void> => {
    const { has, tensor } = golden;
    const taps = pairsOf(golden);
    const made = betweenMaps(golden, taps, fspInit({ taps, ...options }));
    const parts = taps.slice(1).flatMap(([tap], i): Expected[] =>
      has(`out.part${i}`) ? [{ golden: [`out.part${i}`], ours: terms(`fsp_${tap}`) }] : []
    );
    await check(golden, made, new Int32Array(tensor("in.s0").shape[0]), [
      { golden: ["out.loss"], ours: total },
      ...parts,
      ...taps.map(([tap], i): Expected => ({
        golden: [`grad.in.s${i}`],
        ours: after(`student.${tap}.value`),
        layout: ourMap,
      })),
    ]);
  };

/** FSP's first stage as released, and torchdistill's FSP. */
export const fsp: Checks = [[/^fsp(_|$)/, checkFlows({})], [
  /^td_fsp$/,
  checkFlows({ pool: "max", distance: "columns" }),
]];
