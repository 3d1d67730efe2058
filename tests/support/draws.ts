/**
 * Gradients across ties of ReLUs and of max pooling. Rounding decides whether a ReLU with an input
 * near zero passes its gradient on. The references' batches were chosen so that float32 and float64
 * agree there, but another library adds in another order. So a test repeats a step with slightly
 * perturbed variables and takes the nearest result. Each such repetition is a draw.
 */
import { assert } from "@std/assert";
import { stream } from "../../lib/values/random.ts";
import type { Variable } from "../../lib/nn/variables.ts";

const DRAWS = 60;

/**
 * Sizes of the perturbation, used in turn. They are larger than the rounding, so that they decide
 * the ties anew, and small enough to make few new ties.
 */
const STEPS = [1e-6, 2e-7, 5e-7];

/**
 * Period of the noise for one variable. A prime. The noise repeats because millions of random
 * numbers take seconds.
 */
const LONGEST = 65_537;

/**
 * Makes the initial values of a draw. Every draw moves the offsets of the norms before the ReLUs by
 * about a millionth or less. Every other draw also moves the weights by that share of themselves,
 * which decides the ties of max pooling. Draw 0 moves nothing.
 */
export function perturb(
  variables: Iterable<Variable>,
  draw: number,
): ReadonlyMap<string, Float32Array> {
  if (draw === 0) return new Map();
  const step = STEPS[draw % STEPS.length];
  const isOffset = ({ name }: Variable) => name.endsWith(".offset");
  const changing = Array.from(variables).filter((variable) =>
    variable.trainable && (isOffset(variable) || draw % 2 === 0)
  );
  return new Map(changing.map((variable) => {
    const random = stream(draw, variable.name);
    const values = variable.initial();
    const offset = isOffset(variable);
    const noise = Float32Array.from(
      { length: Math.min(values.length, LONGEST) },
      () => step * random.normal(),
    );
    return [
      variable.name,
      values.map((value, i) => value + noise[i % LONGEST] * (offset ? 1 : value)),
    ];
  }));
}

/** Exceptions from the limits. */
export interface Leniency {
  /** Number of quantities that may exceed their limit in every draw. Default: 0. */
  readonly most?: number;
  /**
   * Distance between the draws of each quantity, as a share of its limit. It may grow from draw to
   * draw. A quantity passes if a draw is as near as the draws are to each other. Default: none.
   */
  readonly apart?: ReadonlyMap<string, number>;
}

/**
 * Asserts that every quantity is within its limit in at least one draw. `measure` returns each
 * quantity's error in a draw as a share of its limit. If perturbed draws were needed, a test step
 * reports their number, where a slow drift shows first.
 */
export async function assertNearInSomeDraw(
  t: Pick<Deno.TestContext, "step">,
  measure: (draw: number) => Promise<ReadonlyMap<string, number>>,
  { most = 0, apart }: Leniency = {},
): Promise<void> {
  let off = await measure(0);
  let draw = 1;
  const far = () =>
    Array.from(off).filter(([name, share]) => !(share <= Math.max(1, apart?.get(name) ?? 0)));
  for (; draw < DRAWS && far().length > most; draw++) {
    const again = await measure(draw);
    off = new Map(Array.from(off, ([name, share]) => [name, Math.min(share, again.get(name)!)]));
  }
  const lines = far().map(([name, share]) =>
    `${name}: ${share.toFixed(2)} times as far away as allowed`
  );
  const near = () => assert(lines.length <= most, lines.join("\n"));
  if (draw > 1) await t.step(`perturbed draws: ${draw - 1}`, near);
  else near();
}
