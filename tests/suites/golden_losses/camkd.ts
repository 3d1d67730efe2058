import { camkd as method } from "../../../lib/distillers/camkd.ts";
import type { Checks } from "./check.ts";
import { checkSeveral } from "./several.ts";

/** The part of CA-MKD that learns from logits. */
export const camkd: Checks = [
  [
    /^camkd_logit$/,
    (golden) => checkSeveral(golden, method({ temperature: golden.facts.args.T, weight: 0 })),
  ],
];
