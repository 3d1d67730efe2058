import { takd as method } from "../../../lib/distillers/takd.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, between, check, type Checks, LOGITS, type Loss, total } from "./check.ts";

async function checkTakd(golden: Golden<Loss>): Promise<void> {
  const { T, lam } = golden.facts.args;
  const made = between(golden, method({ temperature: T, kd: lam }), {});
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
  ]);
}

/** TAKD. */
export const takd: Checks = [[/^takd$/, checkTakd]];
