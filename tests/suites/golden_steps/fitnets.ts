import { assertEquals } from "@std/assert";
import { fitnets as method } from "../../../lib/distillers/fitnets.ts";
import { regressorNames } from "../../support/reference_networks.ts";
import { type Method, type Steps, steps } from "./check.ts";

const makeMethod = ({ gamma, alpha, beta }: Steps["args"]): Method => {
  assertEquals(alpha, 0);
  return {
    distiller: method({ ce: gamma, weight: beta }),
    terms: [{ of: [[gamma, "cls"]], terms: ["task"] }, { of: [[beta, "kd"]], terms: ["hint"] }],
    modules: { regress_s: regressorNames },
  };
};

/** FitNets. */
export const fitnets = [steps(/^fitnet_/, makeMethod)];
