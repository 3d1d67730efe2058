import { camkd as method } from "../../../lib/distillers/camkd.ts";
import type { Checks } from "./check.ts";
import { checkSeveral } from "./several.ts";

/** What CA-MKD learns from the logits. */
export const camkd: Checks = [
  [
    /^camkd_logit$/,
    (golden) => checkSeveral(golden, method({ temperature: golden.facts.args.T, weight: 0 })),
  ],
];
