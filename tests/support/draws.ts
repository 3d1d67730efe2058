/**
 * Gradients across ties, of ReLUs and of max pooling. A ReLU whose input is zero but for rounding
 * passes its gradient on or does not: the references' batches were chosen so that float32 and
 * float64 agree there, but another library adds in another order.
 */
import { assert } from "@std/assert";
import { stream } from "../../lib/values/random.ts";
import type { Variable } from "../../lib/nn/variables.ts";

const DRAWS = 60;

/**
 * By how much, in turn: a tie is decided anew by more than the rounding there, and few others are
 * made.
 */
const STEPS = [1e-6, 2e-7, 5e-7];

/**
 * How much noise is drawn for a variable at most, a prime; it then repeats itself, since drawing
 * millions takes seconds.
 */
const LONGEST = 65_537;

/**
 * Values to start with in a draw: the offsets of the norms, which stand before the ReLUs, moved by
 * a millionth or less, and in every other draw the weights too, by as small a part of them, which
 * decides the ties of max pooling; draw 0 leaves them all.
 */
export function moved(
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

/** What is let pass. */
export interface Leniency {
  /** How many quantities may be further off in every draw; none by default. */
  readonly most?: number;
  /**
   * How far each quantity's draws are apart, as a share of what is allowed, growing from draw to
   * draw: one that is no nearer in any draw than they are to each other is let pass. None by
   * default.
   */
  readonly apart?: ReadonlyMap<string, number>;
}

/**
 * Fails unless every quantity that `measure` gives for a draw is within its limit in one of the
 * draws. `measure` gives how far each is off as a share of what is allowed. Where perturbed draws
 * were taken, a step of the test says how many: a slow drift shows there first.
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
