import { kd } from "../../../lib/distillers/kd.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, between, check, type Checks, LOGITS, type Loss, total } from "./check.ts";

async function checkStandardised(golden: Golden<Loss>): Promise<void> {
  const { T, alpha, beta } = golden.facts.args;
  const made = between(golden, kd({ standardised: true, temperature: T, ce: alpha, kd: beta }), {});
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
  ]);
}

/** KD of standardised logits. */
export const logitstd: Checks = [[/^logitstd_kd$/, checkStandardised]];
