import { assertEquals } from "@std/assert";
import { at as method } from "../../../lib/distillers/at.ts";
import { blocks, type Method, type Steps, steps } from "./check.ts";

const makeMethod = ({ gamma, alpha, beta }: Steps["args"], facts: Steps): Method => {
  assertEquals(alpha, 0);
  return {
    distiller: method({ ce: gamma, weight: beta }),
    terms: [
      { of: [[gamma, "cls"]], terms: ["task"] },
      { of: [[beta, "kd"]], terms: blocks(facts).map((tap) => `at_${tap}`) },
    ],
  };
};

/** AT. */
export const at = [steps(/^at_/, makeMethod)];
