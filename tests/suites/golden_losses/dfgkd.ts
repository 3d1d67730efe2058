import { dfgkd as method } from "../../../lib/distillers/dfgkd.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, between, check, type Checks, LOGITS, type Loss, terms, total } from "./check.ts";

async function checkDfgkd(golden: Golden<Loss>): Promise<void> {
  const { T, ce, kd, process } = golden.facts.args;
  const made = between(golden, method({ temperature: T, ce, kd, process }), {
    "distiller.self.0.": "logit_c1",
  });
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["out.loss_kd"], ours: terms("teacher") },
    // The references compute each network's cross-entropy twice. Here it is one term.
    { golden: ["out.loss_ce", "out.loss_kd_cs"], ours: terms("task", "self") },
    {
      golden: ["out.loss_kd_tc", "out.loss_kd_sc"],
      ours: terms("self_task", "self_teacher", "self_student"),
    },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
    { golden: ["grad.in.logit_c1"], ours: after(`distiller.self.0.${LOGITS}`) },
  ]);
}

/** DFGKD, the second method in SLKD's repository. */
export const dfgkd: Checks = [[/^slkd_dfgkd$/, checkDfgkd]];
