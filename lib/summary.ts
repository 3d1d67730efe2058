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
  const n = values.length, mean = sum(values) / n;
  if (n < 2) return n === 1 ? { mean, n } : undefined;
  return { mean, std: Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / (n - 1)), n };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The number that two printed decimals stand for. */
export function rounded(value: number): number {
  return Number(value.toFixed(2));
}

/** A number with two decimals, e.g. `74.80` or `−0.21`. */
export function fixed(value: number): string {
  return rounded(value).toFixed(2).replace(/^-(0\.00$)?/, (_, zero) => zero ?? "−");
}

/** A difference with two decimals and its sign, e.g. `+3.52`, `−0.21` or `0.00`. */
export function signed(value: number): string {
  return rounded(value) > 0 ? `+${fixed(value)}` : fixed(value);
}

/** A summary as tables print it: `74.80 ± 0.12 (3)`, without ± for one measurement, without n where nobody says. */
export function spread({ mean, std, n }: Summary): string {
  return `${fixed(mean)}${std === undefined ? "" : ` ± ${fixed(std)}`}${n === undefined ? "" : ` (${n})`}`;
}
