import { assertAlmostEquals, assertEquals } from "@std/assert";
import { slkd as method } from "../../../lib/distillers/slkd.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, between, check, type Checks, LOGITS, type Loss, terms, total } from "./check.ts";

async function checkSlkd(golden: Golden<Loss>): Promise<void> {
  const { T, ce, kd, process, ce_cs, kd_cs } = golden.facts.args;
  assertAlmostEquals(ce + kd, 1);
  assertEquals([process, kd_cs], [1, ce_cs]);
  const copies = { "distiller.self1.0.": "logit_c1", "distiller.self2.0.": "logit_c2" };
  const made = between(
    golden,
    method({ temperature: T, ce, selfTeacher: ce_cs, released: true }),
    copies,
  );
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["out.loss_kd"], ours: terms("teacher") },
    {
      golden: ["out.loss_kd_tc"],
      ours: terms("self1_task", "self1_teacher", "self2_task", "self2_teacher"),
    },
    // Both halves of the student's loss have a cross-entropy. Here they are one term.
    { golden: ["out.loss_ce", "out.loss_kd_cs"], ours: terms("task", "self") },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
    { golden: ["grad.in.logit_c1"], ours: after(`distiller.self1.0.${LOGITS}`) },
    { golden: ["grad.in.logit_c2"], ours: after(`distiller.self2.0.${LOGITS}`) },
  ]);
}

/** SLKD as released, on CIFAR and on ImageNet. */
export const slkd: Checks = [[/^slkd(_imagenet)?$/, checkSlkd]];
