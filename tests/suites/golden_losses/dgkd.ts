import { dgkd as method } from "../../../lib/distillers/dgkd.ts";
import { assembleStep } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, check, type Checks, LOGITS, type Loss, total } from "./check.ts";

async function checkDgkd(golden: Golden<Loss>): Promise<void> {
  const { tensor, names, facts: { args: { T, lam } } } = golden;
  const { shape } = tensor("in.logit_s");
  const network = networkOfVariables({ logits: shape });
  const teachers = names().filter((name) => /^in\.logit_t/.test(name));
  const [first, second, ...more] = teachers.map(() => network);
  const made = assembleStep({
    student: network,
    teacher: [first, second, ...more],
    distiller: method({ temperature: T, kd: lam, drop: 0 }),
    image: [1, 1, 1],
    classes: shape[1],
    values: new Map([
      [`student.${LOGITS}`, tensor("in.logit_s").data],
      ...teachers.map((name, i) => [`teacher${i + 1}.${LOGITS}`, tensor(name).data] as const),
    ]),
  });
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
  ]);
}

/** DGKD with all of its teachers. */
export const dgkd: Checks = [[/^dgkd$/, checkDgkd]];
