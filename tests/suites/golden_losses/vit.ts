/** The losses of DeiT and of SHAKE on a distillation token, and the targets that they learn from. */
import * as tf from "@tensorflow/tfjs";
import type { Mix } from "../../../lib/data/dataset.ts";
import { deit } from "../../../lib/distillers/deit.ts";
import { scratch } from "../../../lib/distillers/scratch.ts";
import { shake } from "../../../lib/distillers/shake.ts";
import type { Distiller } from "../../../lib/experiment/distiller.ts";
import { distribution, smoothedClassification } from "../../../lib/tasks/classification.ts";
import type { Scorer } from "../../../lib/nn/network.ts";
import type { TwoHeaded } from "../../../lib/distillers/parts/two_heads.ts";
import { assembleStep, type FirstStep, type StepParts } from "../../support/assemble_step.ts";
import { type Kind, open } from "../../support/engines.ts";
import type { Golden } from "../../support/goldens.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";
import {
  after,
  check,
  type Checks,
  type Expected,
  LOGITS,
  type Loss,
  terms,
  total,
} from "./check.ts";

/** The target of a case: λ and the smoothing, both with a default that changes nothing. */
const targetOf = ({ facts: { args: { lam = 1, smoothing = 0 } } }: Golden<Loss>) => ({
  lam,
  smoothing,
});

/** The batch read backwards. */
const backwards = (batch: number) => tf.range(batch - 1, -1, -1, "int32");

/** The step with the target of a case. The networks' outputs are variables, so no image is mixed. */
function withTarget(golden: Golden<Loss>, made: StepParts): StepParts {
  const { lam, smoothing } = targetOf(golden);
  const mix: Mix = {
    id: "theirs",
    options: {},
    mix: (image) => ({ image, partner: backwards(image.shape[0]), share: tf.scalar(lam) }),
  };
  return { ...made, task: smoothedClassification(smoothing), mix: lam === 1 ? undefined : mix };
}

async function checkTarget(golden: Golden<Loss>): Promise<void> {
  const { name, tensor, has, integers } = golden;
  const { shape, data: logits } = tensor("in.logit_s");
  const made = assembleStep({
    student: networkOfVariables({ logits: shape }),
    teacher: undefined,
    distiller: scratch(),
    image: [1, 1, 1],
    classes: shape[1],
    values: new Map([[`student.${LOGITS}`, logits]]),
  });
  await check(golden, withTarget(golden, made), integers("in.target"), [
    { golden: ["out.loss"], ours: total },
    { golden: ["grad.in.logit_s"], ours: after(`student.${LOGITS}`) },
  ]);
  if (!has("out.target")) return;
  const { shape: [batch, classes], data } = tensor("out.target");
  const { lam, smoothing } = targetOf(golden);
  for (const kind of ["compiled", "cpu"] satisfies Kind[]) {
    const engine = await open(kind);
    const { target } = await engine.compile<"label">(({ label }) => {
      const partner = tf.gather(label, backwards(batch) as tf.Tensor1D);
      const target = distribution([[label, lam], [partner, 1 - lam]], classes, smoothing);
      return { values: { target }, updates: [] };
    })({ label: { shape: [batch], data: integers("in.target") } });
    engine.close();
    assertNear(`${name} ${kind}: the target`, target, data, tolerance(0));
  }
}

const HEADS = "heads.value";

/** The rows of a matrix, [rows, length]. */
const rowsOf = (values: Float32Array, length: number) =>
  Array.from(
    { length: values.length / length },
    (_, i) => values.subarray(length * i, length * (i + 1)),
  );

const join = (rows: readonly Float32Array[]) => Float32Array.from(rows.flatMap((row) => [...row]));

/** Checks these quantities of a method on the logits of two heads. */
async function checkHeads(
  golden: Golden<Loss>,
  distiller: Distiller<TwoHeaded, Scorer>,
  expected: readonly Expected[],
): Promise<void> {
  const { tensor, integers } = golden;
  const [batch, classes] = tensor("in.logit_s").shape;
  const [s, h] = ["in.logit_s", "in.logit_d"].map((name) => rowsOf(tensor(name).data, classes));
  const made = assembleStep({
    student: networkOfVariables({ heads: [batch, 2, classes], logits: [batch, classes] }),
    teacher: networkOfVariables({ logits: [batch, classes] }),
    distiller,
    image: [1, 1, 1],
    classes,
    values: new Map([
      [`student.${HEADS}`, join(s.flatMap((row, i) => [row, h[i]]))],
      [`teacher1.${LOGITS}`, tensor("in.logit_t").data],
    ]),
  });
  await check(golden, withTarget(golden, made), integers("in.target"), expected);
}

/** The loss and the gradients at both heads. */
function lossAndGradients({ tensor }: Golden<Loss>): readonly Expected[] {
  const [, classes] = tensor("in.logit_s").shape;
  const gradient = (head: number) => (step: FirstStep) =>
    join(rowsOf(step.after(`student.${HEADS}`), classes).filter((_, i) => i % 2 === head));
  return [
    { golden: ["out.loss"], ours: total },
    { golden: ["grad.in.logit_s"], ours: gradient(0) },
    { golden: ["grad.in.logit_d"], ours: gradient(1) },
  ];
}

/** A term of the loss, without its weight. */
const unweighted = (term: string, weight: number) => ({ values }: FirstStep) =>
  values.terms[term].map((value) => value / weight);

async function checkHardDeit(golden: Golden<Loss>): Promise<void> {
  const { alpha } = golden.facts.args;
  await checkHeads(golden, deit({ alpha }), [
    ...lossAndGradients(golden),
    { golden: ["out.ce"], ours: unweighted("task", 1 - alpha) },
    { golden: ["out.distill"], ours: unweighted("distill", alpha) },
  ]);
}

async function checkSoftDeit(golden: Golden<Loss>): Promise<void> {
  const { alpha, tau: temperature } = golden.facts.args;
  await checkHeads(golden, deit({ kind: "soft", alpha, temperature, perClass: true }), [
    ...lossAndGradients(golden),
    { golden: ["out.ce"], ours: unweighted("task", 1 - alpha) },
    { golden: ["out.distill"], ours: unweighted("distill", alpha) },
  ]);
  // The case has τ² · KL per class, and the KL itself by the batch.
  await checkHeads(golden, deit({ kind: "soft", alpha, temperature, perClass: false }), [
    { golden: ["out.kl_batchmean"], ours: unweighted("distill", alpha) },
  ]);
}

async function checkShake(golden: Golden<Loss>): Promise<void> {
  const { name, facts: { args: { T, lambda } } } = golden;
  const hasLabels = name.endsWith("_labels");
  const method = shake({
    backbone: "token",
    temperature: T,
    kd: lambda,
    reverse: lambda,
    by: name.endsWith("_hard") ? "hard" : "kl",
    labels: hasLabels ? 1 : 0,
  });
  await checkHeads(golden, method, [
    ...lossAndGradients(golden),
    { golden: ["out.ce"], ours: terms("task") },
    { golden: ["out.shadow"], ours: unweighted("shadow", lambda) },
    { golden: ["out.follow"], ours: terms("follow") },
    { golden: ["out.reverse"], ours: unweighted("reverse", lambda) },
    ...hasLabels ? [{ golden: ["out.labels"], ours: terms("labels") }] : [],
  ]);
}

/** The losses of vision transformers. */
export const vit: Checks = [
  [/^(soft_target|label_smoothing)_ce$/, checkTarget],
  [/^deit_hard(_plain)?$/, checkHardDeit],
  [/^deit_soft$/, checkSoftDeit],
  [/^shake_vit(_hard|_labels)?$/, checkShake],
];
