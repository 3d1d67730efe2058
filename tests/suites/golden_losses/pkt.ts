import { pkt as method } from "../../../lib/distillers/pkt.ts";
import { type Checks, terms } from "./check.ts";
import { checkFeatures } from "./features.ts";

const distiller = method({ student: "f_s", teacher: "f_t", weight: 1, ce: 0 });

/** PKT. */
export const pkt: Checks = [
  [
    /^pkt$/,
    (golden) =>
      checkFeatures(golden, distiller, {}, [{ golden: ["out.loss"], ours: terms("pkt") }]),
  ],
];
