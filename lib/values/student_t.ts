/**
 * The t for which a variable of Student's t distribution, with so many degrees of freedom (a whole number from 1), is
 * between −t and t with this probability: `studentT(0.95, 2)` is 4.303. Bisected, since the probability's finite sum
 * (Abramowitz and Stegun 26.7.3 and 26.7.4) grows with θ = arctan(t / √freedom).
 */
export function studentT(probability: number, freedom: number): number {
  let low = 0, high = Math.PI / 2;
  for (let middle = high / 2; low < middle && middle < high; middle = (low + high) / 2) {
    if (within(middle, freedom) < probability) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan(low);
}

/** The probability of lying between −t and t, given θ. */
function within(theta: number, freedom: number): number {
  const odd = freedom % 2 === 1, square = Math.cos(theta) ** 2;
  let term = odd ? Math.cos(theta) : 1, sum = 0;
  for (let power = odd ? 1 : 0; power <= freedom - 2; power += 2) {
    sum += term;
    term *= square * (power + 1) / (power + 2);
  }
  return odd ? (theta + Math.sin(theta) * sum) * 2 / Math.PI : Math.sin(theta) * sum;
}
