import { dkd as method } from "../../../lib/distillers/dkd.ts";
import type { FirstStep } from "../../support/assemble_step.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, between, check, type Checks, LOGITS, type Loss, terms, total } from "./check.ts";

async function checkDkd(golden: Golden<Loss>): Promise<void> {
  const { alpha, beta, T, warmup_factor } = golden.facts.args;
  // The step runs in the first epoch.
  const made = between(
    golden,
    method({ alpha, beta, temperature: T, warmUp: 1 / warmup_factor }),
    {},
  );
  const parts = terms("tckd", "nckd");
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["out.ce"], ours: terms("task") },
    {
      golden: ["out.dkd"],
      ours: (step: FirstStep) => parts(step).map((sum) => sum / warmup_factor),
    },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
  ]);
}

/** DKD on CIFAR, half-way through its warm-up, and on ImageNet. */
export const dkd: Checks = [[/^dkd(_|$)/, checkDkd]];
