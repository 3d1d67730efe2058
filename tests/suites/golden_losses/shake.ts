import * as tf from "@tensorflow/tfjs";
import { shake as method } from "../../../lib/distillers/shake.ts";
import { dense } from "../../../lib/nn/layers.ts";
import type { Classifier } from "../../../lib/nn/network.ts";
import { stopGradient } from "../../../lib/nn/ops.ts";
import type { Stage } from "../../../lib/nn/stage.ts";
import { constant } from "../../../lib/nn/variables.ts";
import { assembleStep } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourMap, ourWeight } from "../../support/layout.ts";
import { shadowNames } from "../../support/reference_networks.ts";
import { after, check, type Checks, LOGITS, type Loss, terms, total } from "./check.ts";

type Teacher = Classifier<"t0" | "t1" | "t2">;

/**
 * Makes a teacher with given maps and logits. Its own pooled vector is 0, and its classifier
 * computes the logits of every other vector.
 */
function teacher(
  batch: number,
  maps: Readonly<Record<string, readonly number[]>>,
  channels: number,
): Teacher {
  const { stages } = networkOfVariables({ ...maps, pooled: [batch, channels] });
  const logits = (classes: number): Stage => (create) => {
    const own = create.variable("value", [batch, classes], constant(0));
    const classify = dense(classes)(create, [channels]);
    const run: Stage = () => {
      const score = (x: tf.Tensor, pass: Parameters<typeof classify>[1]) => {
        const isOwn = tf.equal(tf.max(tf.abs(stopGradient(x))), 0);
        const out = tf.where(isOwn, pass.read(own), classify(x, pass));
        return { out, pre: out };
      };
      return Object.assign(score, { shape: [classes], multiplyAdds: 0 });
    };
    return run(create, [channels]);
  };
  return {
    id: "given",
    options: {},
    stages: (classes, image) => ({ ...stages(classes, image), logits: logits(classes) }) as never,
  };
}

async function checkShake(golden: Golden<Loss>): Promise<void> {
  const { tensor, facts, integers } = golden;
  const names = shadowNames("t0", "t1", "t2");
  const { args } = facts;
  const [batch, classes] = tensor("in.logit_s").shape;
  const maps = ["t0", "t1", "t2"].map((tap) => [tap, ourMap(tensor(`in.${tap}`))] as const);
  const shapes = Object.fromEntries(maps.map(([tap, { shape }]) => [tap, shape]));
  const made = assembleStep({
    student: networkOfVariables({ logits: [batch, classes] }),
    teacher: teacher(batch, shapes, tensor("in.fc_weight").shape[1]),
    distiller: method({
      released: true,
      taps: ["t0", "t1", "t2"],
      temperature: args.T,
      ce: args.gamma,
      direct: args.alpha,
    }),
    image: [1, 1, 1],
    classes,
    values: new Map([
      [`student.${LOGITS}`, tensor("in.logit_s").data],
      [`teacher1.${LOGITS}`, tensor("in.logit_t").data],
      ["teacher1.logits.weight", ourWeight(tensor("in.fc_weight")).data],
      ["teacher1.logits.bias", tensor("in.fc_bias").data],
      ...maps.map(([tap, { data }]) => [`teacher1.${tap}.value`, data] as const),
      ...Object.entries(names).map(([theirs, ours]) =>
        [ours, ourWeight(tensor(`mod.proxy.${theirs}`)).data] as const
      ),
    ]),
  });
  const expectedVariables = Object.entries(names).map(([theirs, ours]) => ({
    golden: [/running/.test(theirs) ? `post.proxy.${theirs}` : `grad.mod.proxy.${theirs}`],
    ours: after(ours),
    layout: ourWeight,
  }));
  await check(golden, made, integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["out.ce_student"], ours: terms("task") },
    { golden: ["out.kl_student_to_proxy"], ours: terms("shadow") },
    { golden: ["out.kl_proxy_to_student"], ours: terms("reverse") },
    { golden: ["out.ce_proxy"], ours: terms("labels") },
    { golden: ["out.mse_proxy_teacher"], ours: terms("follow") },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
    ...expectedVariables,
  ]);
}

/** SHAKE as released. */
export const shake: Checks = [[/^shake$/, checkShake]];
