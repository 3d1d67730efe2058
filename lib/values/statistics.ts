/** Some measurements of one thing. */
export interface Summary {
  /** Their mean. */
  readonly mean: number;
  /** Their sample standard deviation (n − 1); absent for one measurement. */
  readonly std?: number;
  /** How many there are; absent where nobody says. */
  readonly n?: number;
}

/** Mean and sample standard deviation of some measurements; `undefined` of none. */
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
 * The t for which a variable of Student's t distribution, with so many degrees of freedom (a whole
 * number from 1), is between −t and t with this probability: `studentT(0.95, 2)` is 4.303.
 * Bisected, since the probability's finite sum (Abramowitz and Stegun 26.7.3 and 26.7.4) grows with
 * θ = arctan(t / √freedom).
 */
export function studentT(probability: number, freedom: number): number {
  let low = 0;
  let high = Math.PI / 2;
  for (let middle = high / 2; low < middle && middle < high; middle = (low + high) / 2) {
    if (within(middle, freedom) < probability) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan(low);
}

/** The probability of lying between −t and t, given θ. */
function within(theta: number, freedom: number): number {
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
