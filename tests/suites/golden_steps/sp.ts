import { assertEquals } from "@std/assert";
import { sp as method } from "../../../lib/distillers/sp.ts";
import { type Method, type Steps, steps } from "./check.ts";

const makeMethod = ({ gamma, alpha, beta }: Steps["args"]): Method => {
  assertEquals(alpha, 0);
  return {
    distiller: method({ ce: gamma, weight: beta }),
    terms: [{ of: [[gamma, "cls"]], terms: ["task"] }, { of: [[beta, "kd"]], terms: ["sp"] }],
  };
};

/** SP. */
export const sp = [steps(/^sp_/, makeMethod)];
