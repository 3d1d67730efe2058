/** How near a value must come to the references', as the goldens' README has it. */
import { assert } from "@std/assert";

/**
 * The relative L2 distance allowed to a quantity in which the reference's own code, run in float32,
 * was `error` away from itself in float64.
 */
export function tolerance(error: number): number {
  return Math.min(1e-2, Math.max(1e-4, 20 * error));
}

/**
 * Whether float32 is too far off to compare the quantity at all: a ReLU's tie was broken
 * differently on the way.
 */
export function isChaotic(error: number): boolean {
  return 20 * error > 1e-2;
}

/** The L2 norm. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ** 2;
  return Math.sqrt(sum);
}

/** ‖ours − golden‖ / ‖golden‖; where the golden value is zero, ‖ours‖. */
export function distance(ours: ArrayLike<number>, golden: ArrayLike<number>): number {
  const size = norm(golden);
  return norm(Float64Array.from(golden, (value, i) => ours[i] - value)) / (size || 1);
}

/** Throws unless `ours` is within `limit` of the golden values. */
export function assertNear(
  what: string,
  ours: ArrayLike<number>,
  golden: ArrayLike<number>,
  limit: number,
): void {
  assert(
    ours.length === golden.length,
    `${what}: ${ours.length} values instead of ${golden.length}`,
  );
  const off = distance(ours, golden);
  assert(off <= limit, `${what}: ${off.toExponential(2)} away, ${limit.toExponential(2)} allowed`);
}
