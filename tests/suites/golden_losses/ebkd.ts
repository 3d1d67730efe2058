import { ebkd as method } from "../../../lib/distillers/ebkd.ts";
import type { Checks } from "./check.ts";
import { checkSeveral } from "./several.ts";

/** EBKD. */
export const ebkd: Checks = [
  [/^ebkd$/, (golden) => checkSeveral(golden, method({ temperature: golden.facts.args.T }))],
];
