import * as tf from "@tensorflow/tfjs";
import { mlkd as method, type MlkdOptions } from "../../../lib/distillers/mlkd.ts";
import type { Distiller, HardLabels } from "../../../lib/experiment/distiller.ts";
import type { Net, Scorer } from "../../../lib/nn/network.ts";
import type { Stage } from "../../../lib/nn/stage.ts";
import { constant, type Shape } from "../../../lib/nn/variables.ts";
import { assembleStep } from "../../support/assemble_step.ts";
import type { Golden } from "../../support/goldens.ts";
import { after, check, type Checks, type Loss, terms, total } from "./check.ts";

/**
 * Makes a network whose logits are its variable `weak` for images of zeros and its variable
 * `strong` for images of ones.
 */
function twoViews(shape: Shape): Net<"logits"> {
  const logits: Stage = (create) => {
    const weak = create.variable("weak", shape, constant(0));
    const strong = create.variable("strong", shape, constant(0));
    const run: ReturnType<Stage> = Object.assign(
      (x: tf.Tensor, pass: Parameters<ReturnType<Stage>>[1]) => {
        const out = tf.where(tf.greater(tf.max(x), 0.5), pass.read(strong), pass.read(weak));
        return { out, pre: out };
      },
      { shape: shape.slice(1), multiplyAdds: 0 },
    );
    return run;
  };
  return { id: "given", options: {}, stages: () => ({ logits }) };
}

/** Makes the method with a strong view of ones. */
function makeMethod(options: MlkdOptions): Distiller<Scorer, Scorer, HardLabels> {
  const distiller = method(options);
  return {
    ...distiller,
    build(context) {
      const loss = distiller.build(context);
      return (step) => loss({ ...step, views: { strong: tf.onesLike(step.image) } });
    },
  };
}

async function checkMlkd(golden: Golden<Loss>): Promise<void> {
  const { tensor, facts: { args: { T, ce, kd } } } = golden;
  const { shape } = tensor("in.weak_s");
  const network = twoViews(shape);
  const values = (["weak", "strong"] as const).flatMap((view) =>
    (["student", "teacher1"] as const).map((who) =>
      [`${who}.logits.${view}`, tensor(`in.${view}_${who[0]}`).data] as const
    )
  );
  const made = assembleStep({
    student: network,
    teacher: network,
    distiller: makeMethod({ temperature: T, ce, kd }),
    image: [1, 1, 1],
    classes: shape[1],
    values: new Map(values),
  });
  await check(golden, made, golden.integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["out.loss_ce"], ours: terms("task") },
    { golden: ["out.loss_kd"], ours: terms("kd") },
    { golden: ["out.loss_cc"], ours: terms("cc") },
    { golden: ["out.loss_bc"], ours: terms("bc") },
    { golden: ["grad.in.weak_s"], ours: after("student.logits.weak") },
    { golden: ["grad.in.strong_s"], ours: after("student.logits.strong") },
  ]);
}

/** MLKD as released. */
export const mlkd: Checks = [[/^mlkd$/, checkMlkd]];
