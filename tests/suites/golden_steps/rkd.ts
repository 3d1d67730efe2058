import { assertEquals } from "@std/assert";
import { rkd as method } from "../../../lib/distillers/rkd.ts";
import { type Method, type Steps, steps } from "./check.ts";

const makeMethod = ({ gamma, alpha, beta }: Steps["args"]): Method => {
  assertEquals(alpha, 0);
  return {
    distiller: method({ ce: gamma, distance: 25 * beta, angle: 50 * beta }),
    terms: [{ of: [[gamma, "cls"]], terms: ["task"] }, {
      of: [[beta, "kd"]],
      terms: ["distance", "angle"],
    }],
  };
};

/** RKD. */
export const rkd = [steps(/^rkd_/, makeMethod)];
