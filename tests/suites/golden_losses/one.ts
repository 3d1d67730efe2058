import { one as method } from "../../../lib/distillers/one.ts";
import type { Net } from "../../../lib/nn/network.ts";
import { assembleStep, type FirstStep } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourWeight } from "../../support/layout.ts";
import { after, check, type Checks, type Expected, type Loss, terms, total } from "./check.ts";

/** The gate's variables by the references' names. */
const gate = {
  "gate_fc.weight": "score.weight",
  "gate_fc.bias": "score.bias",
  "gate_bn.weight": "norm.scale",
  "gate_bn.bias": "norm.offset",
  "gate_bn.running_mean": "norm.mean",
  "gate_bn.running_var": "norm.variance",
};

async function checkOne(golden: Golden<Loss>): Promise<void> {
  const { tensor, has, names, facts: { args, theoretically_zero } } = golden;
  const logits = names().filter((name) => /^in\.logit_\d+$/.test(name));
  const gap = tensor("in.gap");
  const [batch, channels] = gap.shape;
  const student: Net<"map" | "logits"> = networkOfVariables({
    map: [batch, 1, 1, channels],
    logits: tensor(logits[0]).shape,
  });
  const variable = (
    i: number,
  ) => (i === 0 ? "student.logits.value" : `distiller.branch${i + 1}.0.logits.value`);
  const gateVariable = (name: string) => `distiller.gate.0.${name}`;
  const made = assembleStep({
    student,
    teacher: undefined,
    distiller: method({
      shared: "map",
      branches: logits.length,
      temperature: args.T,
      kd: args.consistency_weight,
      rampUp: 0,
    }),
    image: [1, 1, 1],
    classes: tensor(logits[0]).shape[1],
    values: new Map([
      ["student.map.value", gap.data],
      ...logits.map((name, i) => [variable(i), tensor(name).data] as const),
      ...Object.entries(gate).map(([theirs, ours]) =>
        [gateVariable(ours), ourWeight(tensor(`mod.${theirs}`)).data] as const
      ),
    ]),
  });
  const every = (term: string) =>
    logits.map((_, i) => `${i === 0 ? "" : `branch${i + 1}_`}${term}`);
  const expectedVariables = Object.entries(gate).flatMap(([theirs, ours]): Expected[] => {
    const grad = `grad.mod.${theirs}`;
    const post = `post.${theirs}`;
    // The norm cancels the bias before it, so its gradient is rounding.
    if (theoretically_zero.includes(grad)) return [];
    return [{
      golden: [has(grad) ? grad : post],
      ours: after(gateVariable(ours)),
      layout: ourWeight,
    }];
  });
  const divergence = terms(...every("kd"));
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["out.ce"], ours: terms(...every("task"), "ensemble_task") },
    {
      golden: ["out.kl"],
      ours: (step: FirstStep) => divergence(step).map((sum) => sum / args.consistency_weight),
    },
    { golden: ["grad.in.gap"], ours: after("student.map.value") },
    ...logits.map((name, i) => ({ golden: [`grad.${name}`], ours: after(variable(i)) })),
    ...expectedVariables,
  ]);
}

/** ONE. */
export const one: Checks = [[/^one$/, checkOne]];
