import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../../../lib/experiment/distiller.ts";
import { policy } from "../../../lib/distillers/sakd.ts";
import type { Net } from "../../../lib/nn/network.ts";
import { stopGradient } from "../../../lib/nn/ops.ts";
import { constant } from "../../../lib/nn/variables.ts";
import { assembleStep } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden, Numbers } from "../../support/goldens.ts";
import { ourWeight } from "../../support/layout.ts";
import { after, check, type Checks, type Loss, terms } from "./check.ts";

/** Makes a method that sums all actions, each times its own factor, and stores the actions. */
function makeMethod({ facts: { args }, tensor }: Golden<Loss>): Distiller<Net, Net> {
  const { shape } = tensor("in.u");
  const [batch, spots] = shape;
  return {
    id: "decided",
    options: {},
    build({ create, ...models }) {
      const decide = policy(create, models, spots, {
        homogeneous: false,
        gumbel: args.temperature,
      });
      const noise = create.memory("noise", shape, constant(0));
      const factors = create.memory("factors", [batch, spots], constant(0));
      const actions = create.memory("actions", [batch, spots], constant(0));
      return (step) => {
        const action = decide(step, noise.value);
        const values = tf.sum(tf.mul(action, factors.value), 1);
        return { terms: { decided: [batch, values] }, writes: [[actions, stopGradient(action)]] };
      };
    },
  };
}

/** Keeps every second number, the action of the teacher's path. */
const teachers = ({ shape, data }: Numbers): Numbers => ({
  shape,
  data: data.filter((_, i) => i % 2 === 0),
});

async function checkPolicy(golden: Golden<Loss>): Promise<void> {
  const { tensor } = golden;
  const student = tensor("in.f_s");
  const teacher = tensor("in.f_t");
  const logits = [student.shape[0], 2];
  const weight = "distiller.policy.0.weight";
  const bias = "distiller.policy.0.bias";
  const made = assembleStep({
    student: networkOfVariables({ pooled: student.shape, logits }),
    teacher: networkOfVariables({ pooled: teacher.shape, logits }),
    distiller: makeMethod(golden),
    image: [1, 1, 1],
    classes: 2,
    values: new Map([
      ["student.pooled.value", student.data],
      ["teacher1.pooled.value", teacher.data],
      ["distiller.noise", tensor("in.u").data],
      ["distiller.factors", tensor("in.coef").data],
      [weight, ourWeight(tensor("mod.policy.net.weight")).data],
      [bias, tensor("mod.policy.net.bias").data],
    ]),
  });
  await check(golden, made, new Int32Array(student.shape[0]), [
    { golden: ["out.loss"], ours: terms("decided") },
    { golden: ["out.action"], ours: after("distiller.actions"), layout: teachers },
    { golden: ["grad.mod.policy.net.weight"], ours: after(weight), layout: ourWeight },
    { golden: ["grad.mod.policy.net.bias"], ours: after(bias) },
  ]);
}

/** The decisions of SAKD's policy with recorded noise, and its gradients. */
export const sakd: Checks = [[/^sakd_policy$/, checkPolicy]];
