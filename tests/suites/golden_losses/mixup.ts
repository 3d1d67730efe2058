import * as tf from "@tensorflow/tfjs";
import type { Mixed } from "../../../lib/data/dataset.ts";
import { kd as method } from "../../../lib/distillers/kd.ts";
import { blend } from "../../../lib/data/mix.ts";
import type { FirstStep } from "../../support/assemble_step.ts";
import { type Kind, open } from "../../support/engines.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourMap } from "../../support/layout.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";
import { after, between, check, type Checks, LOGITS, type Loss, total } from "./check.ts";

/** Mixes images as a case does. */
export type Theirs = (images: tf.Tensor, partner: tf.Tensor) => Mixed;

/** Checks KD on images mixed as in a case: the images and the loss, which has fixed weights. */
export async function checkMix(golden: Golden<Loss>, theirs: Theirs): Promise<void> {
  const { name, facts: { args: { T, lam } }, tensor, integers } = golden;
  const ce = 0.1;
  const x = ourMap(tensor("in.x"));
  const label = integers("in.target");
  const mix = (images: tf.Tensor) => theirs(images, tf.tensor1d(integers("in.perm"), "int32"));
  for (const kind of ["compiled", "cpu"] satisfies Kind[]) {
    const engine = await open(kind);
    const { mixed, share } = await engine.compile<"x">(({ x }) => {
      const { image, share } = mix(x);
      return { values: { mixed: image, share }, updates: [] };
    })({ x });
    engine.close();
    assertNear(`${name} ${kind}: images`, mixed, ourMap(tensor("out.mixed")).data, tolerance(0));
    assertNear(`${name} ${kind}: λ`, share, [lam], tolerance(0));
  }
  // The networks' outputs are variables, so the step's own images are not used.
  const mixGolden = () => mix(tf.tensor(x.data, [...x.shape]));
  const made = between(golden, method({ temperature: T, ce, kd: 1 - ce }), {});
  const unweighted = ({ values }: FirstStep) => values.terms.task.map((value) => value / ce);
  await check(golden, { ...made, mix: { id: "theirs", options: {}, mix: mixGolden } }, label, [
    { golden: ["out.loss"], ours: total },
    { golden: ["out.ce"], ours: unweighted },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
  ]);
}

/** KD with mixup. */
export const mixup: Checks = [[
  /^mixup_kd$/,
  (golden) =>
    checkMix(golden, (images, partner) => {
      const share = tf.scalar(golden.facts.args.lam);
      return { image: blend(images, partner, share), partner, share };
    }),
]];
