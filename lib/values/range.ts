/**
 * The ranges of numeric options.
 *
 * @module
 */
import { Failure } from "./failure.ts";

/** The numbers that an option may have. */
export interface Range {
  /** The range in words, after "it has to be": `a number above 0`. */
  readonly words: string;
  /** Whether a number is in the range. */
  readonly has: (value: number) => boolean;
}

/** Finite numbers above `least`. */
export function above(least: number): Range {
  return {
    words: `a number above ${least}`,
    has: (value) => value > least && value < Infinity,
  };
}

/** Finite numbers of at least `least`. The weight of a term is at least 0. */
export function atLeast(least: number): Range {
  return {
    words: `a number, ${least} or more`,
    has: (value) => value >= least && value < Infinity,
  };
}

/** Numbers up to `most`, which is `what`. */
export function atMost(most: number, what: string): Range {
  return { words: `at most ${most}, ${what}`, has: (value) => value <= most };
}

/** Finite numbers, below 0 too. */
export const finite: Range = { words: "a finite number", has: Number.isFinite };

/** Numbers from 0 to 1, without 1. */
export const below1: Range = {
  words: "0 or more and below 1",
  has: (value) => value >= 0 && value < 1,
};

/** Numbers from `least` to `most`. Default: a share, from 0 to 1. */
export function between(least = 0, most = 1): Range {
  return {
    words: `between ${least} and ${most}`,
    has: (value) => value >= least && value <= most,
  };
}

/** Whole numbers of at least `least`. Default: 1. */
export function whole(least = 1): Range {
  return {
    words: `a whole number, ${least} or more`,
    has: (value) => Number.isSafeInteger(value) && value >= least,
  };
}

/** These numbers only. */
export function among(...values: readonly number[]): Range {
  return { words: values.join(" or "), has: (value) => values.includes(value) };
}

/**
 * Returns options, unchanged. Throws a `Failure` (exit 2) that names `owner`, the option, its value
 * and its range if a number is out of its range. An option that is `undefined` is not set. Throws a
 * `TypeError` if a number has no range.
 *
 * @example
 * ```ts
 * import { above, atLeast, checkRanges } from "@retort/retort";
 *
 * export const options = ({ temperature = 4, weight = 1 } = {}) =>
 *   checkRanges("mine", { temperature, weight }, { temperature: above(0), weight: atLeast(0) });
 * ```
 */
export function checkRanges<O extends object>(
  owner: string,
  options: O,
  ranges: { readonly [K in keyof O]?: Range },
): O {
  const known = new Map(Object.entries<Range | undefined>(ranges));
  for (const [option, value] of Object.entries(options)) {
    const range = known.get(option);
    if (range) checkRange(owner, option, value, range);
    else if (typeof value === "number") throw new TypeError(`${owner}: no range of ${option}`);
  }
  return options;
}

/** The same for one option. */
export function checkRange(owner: string, option: string, value: unknown, range: Range): void {
  if (value === undefined || typeof value === "number" && range.has(value)) return;
  throw new Failure(2, `${owner}: \`${option}\` is ${value}; it has to be ${range.words}`);
}
