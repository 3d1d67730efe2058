import { assertEquals } from "@std/assert";
import { cc as method } from "../../../lib/distillers/cc.ts";
import { type Method, type Steps, steps } from "./check.ts";

const embedding = (who: string) => ({
  "linear.weight": `distiller.embed.${who}.0.weight`,
  "linear.bias": `distiller.embed.${who}.0.bias`,
});

const makeMethod = ({ gamma, alpha, beta }: Steps["args"]): Method => {
  assertEquals(alpha, 0);
  return {
    distiller: method({ ce: gamma, weight: beta }),
    terms: [{ of: [[gamma, "cls"]], terms: ["task"] }, { of: [[beta, "kd"]], terms: ["cc"] }],
    modules: { embed_s: embedding("student"), embed_t: embedding("teacher") },
  };
};

/** CC. */
export const cc = [steps(/^cc_/, makeMethod)];
