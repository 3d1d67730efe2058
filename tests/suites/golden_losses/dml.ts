import { dml as method } from "../../../lib/distillers/dml.ts";
import { assembleStep } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, check, type Checks, LOGITS, type Loss, terms, total } from "./check.ts";

async function checkDml(golden: Golden<Loss>): Promise<void> {
  const { tensor, has, facts: { source, args } } = golden;
  const { shape } = tensor("in.logit_1");
  const network = networkOfVariables({ logits: shape });
  const student = `student.${LOGITS}`;
  const peer = `distiller.peer.0.${LOGITS}`;
  const isMutual = has("grad.in.logit_2");
  const [, added] = source.match(/target softmax \+ (\S+?),/) ?? [];
  const made = assembleStep({
    student: network,
    teacher: undefined,
    distiller: method({ peer: network, temperature: args.T, floor: added ? Number(added) : 0 }),
    image: [1, 1, 1],
    classes: shape[1],
    values: new Map([[student, tensor("in.logit_1").data], [peer, tensor("in.logit_2").data]]),
  });
  await check(golden, made, golden.integers("in.target"), [
    // If the peer has no gradient, the loss is the student's alone.
    { golden: ["out.loss"], ours: isMutual ? total : terms("task", "kd") },
    { golden: ["out.loss1"], ours: terms("task", "kd") },
    { golden: ["out.loss2"], ours: terms("peer_task", "peer_kd") },
    { golden: ["grad.in.logit_1"], ours: after(student) },
    ...(isMutual ? [{ golden: ["grad.in.logit_2"], ours: after(peer) }] : []),
  ]);
}

/** DML as in its paper, and with OKDDip's temperature and floor. */
export const dml: Checks = [[/^dml(_|$)/, checkDml]];
