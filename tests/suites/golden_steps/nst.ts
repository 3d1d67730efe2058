import { assertEquals } from "@std/assert";
import { nst as method } from "../../../lib/distillers/nst.ts";
import { blocks, type Method, type Steps, steps } from "./check.ts";

const makeMethod = ({ gamma, alpha, beta }: Steps["args"], facts: Steps): Method => {
  assertEquals(alpha, 0);
  return {
    distiller: method({ ce: gamma, weight: beta }),
    terms: [
      { of: [[gamma, "cls"]], terms: ["task"] },
      { of: [[beta, "kd"]], terms: blocks(facts).map((tap) => `nst_${tap}`) },
    ],
  };
};

/** NST. */
export const nst = [steps(/^nst_/, makeMethod)];
