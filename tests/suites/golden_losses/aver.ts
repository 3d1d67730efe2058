import { aver as method } from "../../../lib/distillers/aver.ts";
import type { Checks } from "./check.ts";
import { checkSeveral } from "./several.ts";

/** AVER, without standardised logits. */
export const aver: Checks = [
  [
    /^aver$/,
    (golden) =>
      checkSeveral(
        golden,
        method({ temperature: golden.facts.args.T, kd: golden.facts.args.alpha }),
      ),
  ],
];
