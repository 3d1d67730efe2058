import { kd as method } from "../../../lib/distillers/kd.ts";
import type { FirstStep } from "../../support/assemble_step.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, between, check, type Checks, LOGITS, type Loss, total } from "./check.ts";

async function checkKd(golden: Golden<Loss>): Promise<void> {
  const { T } = golden.facts.args;
  const [, ce, weight] = golden.facts.source.match(/([\d.]+)\*CE ?\+ ?([\d.]+)\*KL/)!;
  const made = between(golden, method({ temperature: T, ce: Number(ce), kd: Number(weight) }), {});
  const unweighted = (term: string, weight: string) => ({ values }: FirstStep) =>
    values.terms[term].map((value) => value / Number(weight));
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["out.ce"], ours: unweighted("task", ce) },
    { golden: ["out.kl"], ours: unweighted("kd", weight) },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
  ]);
}

/** KD at several temperatures. */
export const kd: Checks = [[/^kd(_T\d+)?$/, checkKd]];
