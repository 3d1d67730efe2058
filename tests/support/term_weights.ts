/** The test of a method's weights. */
import { assert, assertAlmostEquals } from "@std/assert";
import type { Distiller, Teachers } from "../../lib/experiment/distiller.ts";
import { open } from "./engines.ts";
import type { Toy } from "./toy.ts";
import { type Options, training } from "./toy_training.ts";

/**
 * Registers a test that each weight of a method multiplies its own terms, which `terms` names, and
 * no other one. `options` are those of `training`.
 */
export function termWeights<const W extends string, T extends Teachers>(
  name: string,
  distiller: (weights: Readonly<Record<W, number>>) => Distiller<Toy, T, never>,
  terms: Readonly<Record<W, readonly string[]>>,
  options: Options<T> = {},
): void {
  const ones = Object.fromEntries(Object.keys(terms).map((weight) => [weight, 1])) as Record<
    W,
    number
  >;
  Deno.test(`${name}: each weight multiplies its own terms and no other one`, async () => {
    const engine = await open("cpu");
    const firstTerms = async (weights: Record<W, number>) => {
      const { step } = await training(engine, distiller(weights), options);
      return (await step()).terms;
    };
    const plain = await firstTerms(ones);
    for (const [weight, own] of Object.entries<readonly string[]>(terms)) {
      for (const term of own) assert(term in plain, `there is no term ${term}`);
      const weighted = await firstTerms({ ...ones, [weight]: 3 });
      for (const [term, [value]] of Object.entries(plain)) {
        assert(value !== 0, `${term} is 0`);
        const expected = own.includes(term) ? 3 * value : value;
        const why = `${term} where ${weight} is 3`;
        assertAlmostEquals(weighted[term][0], expected, 1e-6 * Math.abs(expected), why);
      }
    }
    engine.close();
  });
}
