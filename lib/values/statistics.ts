/** Summary of several measurements of one quantity. */
export interface Summary {
  readonly mean: number;
  /** Sample standard deviation (n − 1). `undefined` if there is one measurement. */
  readonly std?: number;
  /** Number of measurements. `undefined` if unknown. */
  readonly n?: number;
}

/** Computes mean and sample standard deviation. `undefined` if there are no measurements. */
export function summary(values: readonly number[]): Summary | undefined {
  const n = values.length;
  const mean = sum(values) / n;
  if (n < 2) return n === 1 ? { mean, n } : undefined;
  return { mean, std: Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / (n - 1)), n };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Returns the t for which a variable of Student's t distribution is between −t and t with this
 * probability. `freedom` is the number of degrees of freedom, a whole number from 1:
 * `studentT(0.95, 2)` is 4.303. Uses bisection, since the finite sum of the probability (Abramowitz
 * and Stegun 26.7.3 and 26.7.4) grows with θ = arctan(t / √freedom).
 */
export function studentT(probability: number, freedom: number): number {
  let low = 0;
  let high = Math.PI / 2;
  for (let middle = high / 2; low < middle && middle < high; middle = (low + high) / 2) {
    if (probabilityWithin(middle, freedom) < probability) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan(low);
}

/** Computes the probability of a value between −t and t from θ. */
function probabilityWithin(theta: number, freedom: number): number {
  const odd = freedom % 2 === 1;
  const square = Math.cos(theta) ** 2;
  let term = odd ? Math.cos(theta) : 1;
  let sum = 0;
  for (let power = odd ? 1 : 0; power <= freedom - 2; power += 2) {
    sum += term;
    term *= square * (power + 1) / (power + 2);
  }
  return odd ? (theta + Math.sin(theta) * sum) * 2 / Math.PI : Math.sin(theta) * sum;
}

/**
 * Computes Kendall's τ of pairs of values: the share of two pairs that both values order alike,
 * minus the share that they order in opposite ways. Ties count as neither. `undefined` for fewer
 * than two pairs.
 */
export function kendallTau(pairs: readonly (readonly [number, number])[]): number | undefined {
  if (pairs.length < 2) return undefined;
  const signs = pairs.flatMap(([a, b], i) =>
    pairs.slice(0, i).map(([c, d]) => Math.sign(a - c) * Math.sign(b - d))
  );
  return sum(signs) / signs.length;
}
