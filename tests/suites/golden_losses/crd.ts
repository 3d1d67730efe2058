import { contrastive, type MakeContrasts } from "../../../lib/distillers/crd.ts";
import type { Engine } from "../../../lib/engine/engine.ts";
import { constant } from "../../../lib/nn/variables.ts";
import { assembleStep, type FirstStep, firstStep } from "../../support/assemble_step.ts";
import { type Kind, open } from "../../support/engines.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden } from "../../support/goldens.ts";
import { ourWeight } from "../../support/layout.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";
import type { Checks, Loss } from "./check.ts";

/**
 * Counts how often each of `size` images is a negative in the recorded rows, each of which is
 * [positive, …negatives].
 */
export function timesDrawn(rows: Int32Array, batch: number, size: number): Float32Array {
  const times = new Float32Array(batch * size);
  const width = rows.length / batch;
  rows.forEach((image, i) => {
    if (i % width > 0) times[Math.floor(i / width) * size + image]++;
  });
  return times;
}

/** Name of the memory with the recorded negatives. */
export const DRAWN = "distiller.drawn";

/**
 * Contrasts whose negatives are counted in the memory `DRAWN`, which a test sets. The positive is the
 * image itself.
 */
export const recorded = (batch: number): MakeContrasts => ({ create, dataset }) => {
  const drawn = create.memory("drawn", [batch, dataset.size], constant(0));
  return ({ index }) => ({ positive: index, negatives: { counts: drawn.value } });
};

/** The variables of the embeddings by the references' names. */
export const embedNames: Readonly<Record<string, string>> = Object.fromEntries(
  ["student", "teacher"].flatMap((side) =>
    ["weight", "bias"].map((
      part,
    ) => [`embed_${side[0]}.linear.${part}`, `distiller.${side}.0.${part}`])
  ),
);

/** The banks by the references' names. */
export const bankNames: Readonly<Record<string, string>> = {
  "contrast.memory_v1": "distiller.student.bank",
  "contrast.memory_v2": "distiller.teacher.bank",
};

/** Checks two calls: the first sets Z, the second uses the banks that the first updated. */
async function checkCrd(golden: Golden<Loss>): Promise<void> {
  const { name, tensor, facts: { args, fp32_vs_fp64_rel_err } } = golden;
  const banks = Object.entries(bankNames);
  const start = banks.map(([theirs, ours]) => [ours, tensor(`mod.crd.${theirs}`).data] as const);
  for (const kind of ["compiled", "cpu"] satisfies Kind[]) {
    const engine = await open(kind);
    const first = await call(engine, golden, 0, start);
    const second = await call(
      engine,
      golden,
      1,
      memories.map((memory) => [memory, first.after(memory)]),
    );
    engine.close();
    const near = (what: string, ours: ArrayLike<number>, { data } = tensor(what)) =>
      assertNear(`${name} ${kind}: ${what}`, ours, data, tolerance(fp32_vs_fp64_rel_err[what]));
    const losses = [first, second].map(({ values }) => values.terms.crd[0]);
    near("out.loss", [losses[0] + losses[1]]);
    [first, second].forEach(({ after }, i) => {
      const [post, { K, T, momentum }] = [["out.after_call0", "post.crd"][i], args];
      near(`out.loss_call${i}`, [losses[i]]);
      near(`grad.in.f_s_${i}`, after("student.pooled.value"));
      near(`${post}.contrast.params`, [
        K,
        T,
        after("distiller.student.z")[0],
        after("distiller.teacher.z")[0],
        momentum,
      ]);
      for (const [theirs, ours] of banks) near(`${post}.${theirs}`, after(ours));
    });
    for (const [theirs, ours] of Object.entries(embedNames)) {
      const what = `grad.mod.crd.${theirs}`;
      const after = second.after(ours);
      near(what, first.after(ours).map((value, i) => value + after[i]), ourWeight(tensor(what)));
    }
  }
}

const memories = [...Object.values(bankNames), "distiller.student.z", "distiller.teacher.z"];

/** Runs the `i`-th call with these values of the memories. */
async function call(
  engine: Engine,
  { tensor, integers, facts: { args } }: Golden<Loss>,
  i: number,
  memories: Iterable<readonly [string, Float32Array]>,
): Promise<FirstStep> {
  const student = tensor(`in.f_s_${i}`);
  const teacher = tensor(`in.f_t_${i}`);
  const [batch] = student.shape;
  const { n_data, K, T, momentum, feat_dim } = args;
  const logits = [batch, 2];
  const made = assembleStep({
    student: networkOfVariables({ pooled: student.shape, logits }),
    teacher: networkOfVariables({ pooled: teacher.shape, logits }),
    distiller: contrastive(
      { dimensions: feat_dim, negatives: K, temperature: T, momentum, weight: 1, ce: 0 },
      recorded(batch),
    ),
    image: [1, 1, 1],
    classes: 2,
    labels: new Int32Array(n_data),
    values: new Map([
      ...Object.entries(embedNames).map(([theirs, ours]) =>
        [ours, ourWeight(tensor(`mod.crd.${theirs}`)).data] as const
      ),
      ...memories,
      ["student.pooled.value", student.data],
      ["teacher1.pooled.value", teacher.data],
      [DRAWN, timesDrawn(integers(`in.contrast_idx_${i}`), batch, n_data)],
    ]),
  });
  const image = { shape: [batch, 1, 1, 1], data: new Float32Array(batch) };
  return await firstStep(engine, made)(
    image,
    new Int32Array(batch),
    undefined,
    integers(`in.idx_${i}`),
  );
}

/** CRD with recorded negatives. */
export const crd: Checks = [[/^crd$/, checkCrd]];
