/**
 * Gradients across ReLUs' ties. A ReLU whose input is zero but for rounding passes its gradient on or does not: the
 * references' batches were chosen so that float32 and float64 agree there, but another library adds in another order.
 */
import { assert } from "@std/assert";
import { stream } from "../lib/random.ts";
import type { Variable } from "../lib/variables.ts";

const DRAWS = 60;

/** By how much, in turn: a tie is decided anew by more than the rounding there, and few others are made. */
const STEPS = [1e-6, 2e-7, 5e-7];

/**
 * Values to start with in a draw: the offsets of the norms, which stand before the ReLUs, moved by a millionth or less; draw
 * 0 leaves them.
 */
export function moved(variables: Iterable<Variable>, draw: number): ReadonlyMap<string, Float32Array> {
  if (draw === 0) return new Map();
  const step = STEPS[draw % STEPS.length],
    offsets = Array.from(variables).filter(({ name }) => name.endsWith(".offset"));
  return new Map(offsets.map(({ name, initial }) => {
    const random = stream(draw, name);
    return [name, initial().map((value) => value + step * random.normal())];
  }));
}

/**
 * Throws unless every quantity that `measure` gives for a draw is within its limit in one of the draws. `measure` gives how
 * far each is off as a share of what is allowed; `most` of them may be further.
 */
export async function assertNearInSomeDraw(
  measure: (draw: number) => Promise<ReadonlyMap<string, number>>,
  most = 0,
): Promise<void> {
  let off = await measure(0);
  const far = () => Array.from(off).filter(([, share]) => !(share <= 1));
  for (let draw = 1; draw < DRAWS && far().length > most; draw++) {
    const again = await measure(draw);
    off = new Map(Array.from(off, ([name, share]) => [name, Math.min(share, again.get(name)!)]));
  }
  const lines = far().map(([name, share]) => `${name}: ${share.toFixed(2)} times as far away as allowed`);
  assert(lines.length <= most, lines.join("\n"));
}
