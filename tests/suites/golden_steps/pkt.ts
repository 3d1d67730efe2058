import { assertEquals } from "@std/assert";
import { pkt as method } from "../../../lib/distillers/pkt.ts";
import { type Method, type Steps, steps } from "./check.ts";

const makeMethod = ({ gamma, alpha, beta }: Steps["args"]): Method => {
  assertEquals(alpha, 0);
  return {
    distiller: method({ ce: gamma, weight: beta }),
    terms: [{ of: [[gamma, "cls"]], terms: ["task"] }, { of: [[beta, "kd"]], terms: ["pkt"] }],
  };
};

/** PKT. */
export const pkt = [steps(/^pkt_/, makeMethod)];
