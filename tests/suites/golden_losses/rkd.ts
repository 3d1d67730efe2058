import { rkd as method } from "../../../lib/distillers/rkd.ts";
import { type Checks, terms } from "./check.ts";
import { checkFeatures } from "./features.ts";

/** RKD. */
export const rkd: Checks = [
  [/^rkd$/, (golden) => {
    const { w_d: distance, w_a: angle } = golden.facts.args;
    return checkFeatures(
      golden,
      method({ student: "f_s", teacher: "f_t", distance, angle, ce: 0 }),
      {},
      [
        { golden: ["out.loss"], ours: terms("distance", "angle") },
      ],
    );
  }],
];
