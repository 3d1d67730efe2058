/**
 * Golden values of methods whose authors' code is not among the references: of their papers'
 * formulas, computed by `newer_methods.py`.
 */
import type { GivenNumbers } from "../../lib/evaluation/given_network.ts";

/** A case. Maps are channels last, weights [in, out]. */
export interface NewerCase {
  readonly inputs: { readonly [name: string]: readonly GivenNumbers[] };
  readonly terms: { readonly [name: string]: number };
  /** The gradients of the sum of all terms. */
  readonly gradients: { readonly [name: string]: GivenNumbers };
}

/** Reads a case by its name. */
export async function newerCase(name: string): Promise<NewerCase> {
  const file = new URL("../goldens/newer_methods.json", import.meta.url);
  const found = JSON.parse(await Deno.readTextFile(file))[name];
  if (!found) throw new Error(`${file.pathname} has no case ${name}`);
  return found;
}

/** Numbers in row-major order. */
export function flatten(numbers: GivenNumbers): Float32Array {
  const flat = (part: GivenNumbers): readonly number[] =>
    typeof part === "number" ? [part] : part.flatMap(flat);
  return Float32Array.from(flat(numbers));
}
