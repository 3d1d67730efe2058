import { assert } from "@std/assert";
import { aekd as method } from "../../../lib/distillers/aekd.ts";
import { type FirstStep, firstStep } from "../../support/assemble_step.ts";
import { open } from "../../support/engines.ts";
import type { Golden } from "../../support/goldens.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";
import { type Checks, LOGITS, type Loss } from "./check.ts";
import { among, taught } from "./several.ts";

/** softmax(row / T) of each row. */
function soften(
  { shape: [rows, classes], data }: { shape: readonly number[]; data: Float32Array },
  T: number,
) {
  return Array.from({ length: rows }, (_, row) => {
    const powers = Array.from(
      data.subarray(row * classes, (row + 1) * classes),
      (x) => Math.exp(x / T),
    );
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  });
}

/** A teacher's loss (mean over the batch) and its gradient by the student's logits. */
function lossFrom(student: number[][], teacher: number[][], T: number) {
  const batch = student.length;
  const divergences = student.map((q, row) =>
    q.reduce((sum, qc, c) => sum + teacher[row][c] * Math.log(teacher[row][c] / qc), 0)
  );
  return {
    loss: T ** 2 * divergences.reduce((a, b) => a + b) / batch,
    gradient: student.flatMap((q, row) => q.map((qc, c) => T * (qc - teacher[row][c]) / batch)),
  };
}

/**
 * The reference's solver stops up to 2e-3 short of the optimal weights. So the golden loss and
 * gradient are corrected to our weights before the comparison.
 */
async function checkAekd(golden: Golden<Loss>): Promise<void> {
  const { name, facts, tensor } = golden;
  const { T, C, alpha, svm_norm } = facts.args;
  const made = among(
    golden,
    method({ temperature: T, most: C, kd: alpha, directions: Boolean(svm_norm) }),
  );
  const student = soften(tensor("in.logit_s"), T);
  const scale = tensor("out.scale").data;
  const teachers = taught(golden).map((name) => lossFrom(student, soften(tensor(name), T), T));
  const label = golden.integers("in.target");
  const image = { shape: [label.length, 1, 1, 1], data: new Float32Array(label.length) };
  for (const kind of ["compiled", "cpu"] as const) {
    const engine = await open(kind);
    const step: FirstStep = await firstStep(engine, made)(image, label);
    engine.close();
    const near = (
      what: string,
      ours: Float32Array,
      of: string,
      correction: (weights: number[]) => number[],
    ) => {
      const there = tensor(of).data;
      const by = correction(weights.map((weight, m) => weight - scale[m]));
      const expected = there.map((value, i) => value + alpha * by[i]);
      assertNear(
        `${name} ${kind}: ${what}`,
        ours,
        expected,
        tolerance(facts.fp32_vs_fp64_rel_err[of]),
      );
    };
    const terms = teachers.map((_, m) => step.values.terms[`teacher${m + 1}`][0] / alpha);
    const weights = terms.map((term, m) => term / teachers[m].loss);
    weights.forEach((weight, m) => {
      assert(
        Math.abs(weight - scale[m]) <= 2e-3,
        `${name} ${kind}: weight ${m + 1} is ${weight}, not ${scale[m]}`,
      );
    });
    const loss = (off: number[]) => [off.reduce((sum, by, m) => sum + by * teachers[m].loss, 0)];
    near("loss", step.values.loss, "out.loss", loss);
    near("terms", Float32Array.of(alpha * terms.reduce((a, b) => a + b)), "out.div", loss);
    near(
      "gradient",
      step.after(`student.${LOGITS}`),
      "grad.in.logit_s",
      (off) =>
        teachers[0].gradient.map((_, i) =>
          off.reduce((sum, by, m) => sum + by * teachers[m].gradient[i], 0)
        ),
    );
  }
}

/** AE-KD, with full gradients and with their directions alone. */
export const aekd: Checks = [[/^aekd(_norm)?$/, checkAekd]];
