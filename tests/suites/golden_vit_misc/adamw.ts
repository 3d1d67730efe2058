import * as tf from "@tensorflow/tfjs";
import type { Gradients } from "../../../lib/experiment/optimizer.ts";
import { constant, type Variable, variables } from "../../../lib/nn/variables.ts";
import { adamw as schedule } from "../../../lib/optimizers/adamw.ts";
import { type Kind, open } from "../../support/engines.ts";
import type { Check, Golden } from "../../support/goldens.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";

/** The JSON of the case. */
export interface Adamw {
  readonly lr: readonly number[];
  readonly weight_decay: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number>>;
}

/** Checks every variable after every step. A variable without a gradient in a step is skipped. */
async function checkAdamw({ facts, names, tensor, has }: Golden<Adamw>): Promise<void> {
  const { lr, weight_decay: weightDecay, betas, eps: epsilon } = facts;
  const own = names().flatMap((name) => name.match(/^adamw\.(.+)$/)?.[1] ?? []);
  for (const kind of ["compiled", "cpu"] satisfies Kind[]) {
    const collected = new Map<string, Variable>();
    const values = new Map(own.map((name) => [name, tensor(`${name}0`).data]));
    const create = variables({ seed: 1, collected, values });
    const trainable = own.map((name) =>
      create.variable(name, tensor(`${name}0`).shape, constant(0))
    );
    const { optimizer } = schedule({ epochs: 1, batch: 1, lr: 1, weightDecay, betas, epsilon });
    const { update } = optimizer(trainable, create);
    const engine = await open(kind);
    await engine.hold([...collected.values()]);
    const run = engine.compile<string>(({ rate, ...inputs }) => {
      const reached = trainable.filter(({ name }) => name in inputs);
      const gradientOf = ({ name }: Variable): Gradients => [tf.keep(tf.clone(inputs[name]))];
      const gradients = new Map(reached.map((one) => [one, gradientOf(one)]));
      return { values: {}, updates: update(gradients, rate) };
    });
    for (const [i, rate] of lr.entries()) {
      const reached = own.filter((name) => has(`grad_${name}_${i}`));
      await run({
        rate: { shape: [], data: Float32Array.of(rate) },
        ...Object.fromEntries(reached.map((name) => [name, tensor(`grad_${name}_${i}`)])),
      });
      for (const [j, now] of (await engine.read(trainable)).entries()) {
        const name = `adamw.${own[j]}`;
        const after = tensor(name).data.subarray(i * now.length, (i + 1) * now.length);
        const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
        assertNear(`${kind}: ${name} after step ${i}`, now, after, limit);
      }
    }
    engine.close();
  }
}

/** AdamW on given gradients. */
export const adamw: readonly Check<Adamw>[] = [[/^adamw$/, checkAdamw]];
