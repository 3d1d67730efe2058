/** Compares with golden values of which a large one is stored as a sample. */
import { assertEquals } from "@std/assert";
import type { Shape } from "../../lib/nn/variables.ts";
import type { Golden, Numbers } from "./goldens.ts";
import { assertNear, norm } from "./tolerance.ts";

/** The shapes of the values of which a case has a sample only. */
export interface SampledFacts {
  readonly sampled: { readonly [name: string]: Shape };
}

/** Compares with a golden value in PyTorch's layout, or with the sample that the file has of it. */
export function assertSampled(
  name: string,
  { shape, data }: Numbers,
  { has, tensor, facts }: Golden<SampledFacts>,
  limit: number,
): void {
  if (has(name)) {
    assertEquals(shape, tensor(name).shape, name);
    return assertNear(name, data, tensor(name).data, limit);
  }
  assertEquals(shape, facts.sampled[name], name);
  const golden = tensor(`${name}.sample`).data;
  const n = golden.length;
  assertNear(name, golden.map((_, i) => data[Math.floor(i * data.length / n)]), golden, limit);
  assertNear(`${name}, its L2 norm`, [norm(data)], [tensor(`${name}.stats`).data[4]], limit);
}
