import { dfgkd as method } from "../../lib/distillers/dfgkd.ts";
import type { Golden } from "../goldens.ts";
import { after, between, check, type Checks, LOGITS, type Loss, value } from "./check.ts";

async function checkDfgkd(golden: Golden<Loss>): Promise<void> {
  const { T, ce, kd, process } = golden.facts.args;
  const made = between(golden, method({ temperature: T, ce, kd, process }), { "distiller.self.0.": "logit_c1" });
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: value("loss") },
    { golden: ["out.loss_kd"], ours: value("loss/teacher") },
    // The cross-entropies that each network has twice are one term here.
    { golden: ["out.loss_ce", "out.loss_kd_cs"], ours: value("loss/task", "loss/self") },
    {
      golden: ["out.loss_kd_tc", "out.loss_kd_sc"],
      ours: value("loss/self_task", "loss/self_teacher", "loss/self_student"),
    },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
    { golden: ["grad.in.logit_c1"], ours: after(`distiller.self.0.${LOGITS}`) },
  ]);
}

/** DFGKD, the second method in SLKD's repository. */
export const dfgkd: Checks = [[/^slkd_dfgkd$/, checkDfgkd]];
