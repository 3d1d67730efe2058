/** The tolerances of golden values, as the goldens' README defines them. */
import { assert } from "@std/assert";

/**
 * Gives the allowed relative L2 distance of a quantity. `error` is the relative distance between
 * the float32 and the float64 results of the reference's own code.
 */
export function tolerance(error: number): number {
  return Math.min(1e-2, Math.max(1e-4, 20 * error));
}

/**
 * Whether float32 is too far off to compare the quantity at all, because it decided a tie of a ReLU
 * differently.
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

/** ‖ours − golden‖ / ‖golden‖, or ‖ours‖ if the golden value is zero. */
export function distance(ours: ArrayLike<number>, golden: ArrayLike<number>): number {
  const size = norm(golden);
  return norm(Float64Array.from(golden, (value, i) => ours[i] - value)) / (size || 1);
}

/** Asserts that `ours` is within the relative distance `limit` of the golden values. */
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
