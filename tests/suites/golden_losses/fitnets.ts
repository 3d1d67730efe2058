import { fitnets as method } from "../../../lib/distillers/fitnets.ts";
import { assembleStep } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourMap, ourWeight } from "../../support/layout.ts";
import { regressorNames } from "../../support/reference_networks.ts";
import { after, check, type Checks, type Expected, type Loss, terms } from "./check.ts";

async function checkHint(golden: Golden<Loss>): Promise<void> {
  const { tensor, has, facts } = golden;
  const guided = ourMap(tensor("in.f_s"));
  const hint = ourMap(tensor("in.f_t"));
  const [batch] = guided.shape;
  const made = assembleStep({
    student: networkOfVariables({ map: guided.shape, logits: [batch, 2] }),
    teacher: networkOfVariables({ map: hint.shape }),
    distiller: method({ guided: "map", hint: "map", weight: 1, ce: 0 }),
    image: [1, 1, 1],
    classes: 2,
    values: new Map([
      ["student.map.value", guided.data],
      ["teacher1.map.value", hint.data],
      ...Object.entries(regressorNames).map(([theirs, ours]) =>
        [ours, ourWeight(tensor(`mod.reg.${theirs}`)).data] as const
      ),
    ]),
  });
  const expectedVariables = Object.entries(regressorNames).flatMap(([theirs, ours]): Expected[] => {
    const grad = `grad.mod.reg.${theirs}`;
    // The norm cancels the bias before it, so its gradient is rounding.
    if (facts.theoretically_zero.includes(grad)) return [];
    return [{
      golden: [has(grad) ? grad : `post.reg.${theirs}`],
      ours: after(ours),
      layout: ourWeight,
    }];
  });
  await check(golden, made, new Int32Array(batch), [
    { golden: ["out.loss"], ours: terms("hint") },
    { golden: ["grad.in.f_s"], ours: after("student.map.value"), layout: ourMap },
    ...expectedVariables,
  ]);
}

/** FitNets with maps of equal sides, of different sides, and of odd sides. */
export const fitnets: Checks = [[/^hint_/, checkHint]];
