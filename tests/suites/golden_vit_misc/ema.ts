import { constant, type Variable, variables } from "../../../lib/nn/variables.ts";
import { average, averageUpdates } from "../../../lib/training/average.ts";
import { type Kind, open } from "../../support/engines.ts";
import type { Check, Golden } from "../../support/goldens.ts";
import { assertNear, tolerance } from "../../support/tolerance.ts";

/** The JSON of the case. */
export interface Ema {
  readonly decays: readonly number[];
  readonly steps: number;
  readonly fp32_vs_fp64_rel_err: Readonly<Record<string, number>>;
}

async function checkEma({ facts, tensor }: Golden<Ema>): Promise<void> {
  const { shape, data } = tensor("weight.0");
  for (const kind of ["compiled", "cpu"] satisfies Kind[]) {
    for (const decay of facts.decays) {
      const collected = new Map<string, Variable>();
      const values = new Map([["weight", data]]);
      const create = variables({ seed: 1, collected, values });
      const weight = create.variable("weight", shape, constant(0));
      const following = average(decay, [weight], create.in("average"));
      const engine = await open(kind);
      await engine.hold([...collected.values()]);
      const run = engine.compile<"weight">(({ weight: value }) => ({
        values: {},
        updates: [{ kind: "assign", variable: weight, value }, ...averageUpdates(following)],
      }));
      for (let i = 1; i <= facts.steps; i++) {
        await run({ weight: tensor(`weight.${i}`) });
        const [now] = await engine.read([following.of.get(weight)!]);
        const name = `ema.${decay}`;
        const limit = tolerance(facts.fp32_vs_fp64_rel_err[name]);
        assertNear(`${kind}: ${name}.${i}`, now, tensor(`${name}.${i}`).data, limit);
      }
      engine.close();
    }
  }
}

/** The moving average of weights. */
export const ema: readonly Check<Ema>[] = [[/^ema$/, checkEma]];
