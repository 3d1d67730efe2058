import { dist as method } from "../../../lib/distillers/dist.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, between, check, type Checks, LOGITS, type Loss, total } from "./check.ts";

async function checkDist(golden: Golden<Loss>): Promise<void> {
  const { beta, gamma, tau } = golden.facts.args;
  const made = between(golden, method({ beta, gamma, temperature: tau, ce: 0 }), {});
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
  ]);
}

/** DIST. */
export const dist: Checks = [[/^dist$/, checkDist]];
