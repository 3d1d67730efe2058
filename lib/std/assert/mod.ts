/**
 * The assertions of JSR's `@std/assert` that this project uses, over `node:assert`. Equality is a
 * little stricter than the published one (0 is not −0), so what passes here passes there.
 *
 * @module
 */
import { deepStrictEqual } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";

/** What an assertion that does not hold throws. */
export class AssertionError extends Error {
  /** An error with the message that says what was expected. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** Throws an `AssertionError` with this message when `holds` is false; `msg`, if any, is added. */
function expect(holds: boolean, message: () => string, msg?: string): asserts holds {
  if (!holds) throw new AssertionError(msg ? `${message()}: ${msg}` : message());
}

/** Asserts that `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Asserts that `expr` is falsy. */
export function assertFalse(
  expr: unknown,
  msg = "",
): asserts expr is false | 0 | 0n | "" | null | undefined {
  if (expr) throw new AssertionError(msg);
}

/**
 * Asserts that two values are deeply equal: same prototypes, same own members; `NaN` equals itself.
 */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  expect(
    isDeepStrictEqual(actual, expected),
    () => `Values are not equal\n${difference(actual, expected)}`,
    msg,
  );
}

/** What `node:assert` says of two values that differ. */
function difference(actual: unknown, expected: unknown): string {
  try {
    deepStrictEqual(actual, expected);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  expect(
    !isDeepStrictEqual(actual, expected),
    () => `Expected another value than ${inspect(actual)}`,
    msg,
  );
}

/** Asserts that two values are the same one, by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  expect(
    Object.is(actual, expected),
    () => `Values are not the same\n${difference(actual, expected)}`,
    msg,
  );
}

/** Asserts that two numbers differ by at most `tolerance`; by default 1e-7 of the expected one. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected) * 1e-7 : 1e-7);
  const distance = Math.abs(expected - actual);
  expect(
    Object.is(actual, expected) || distance <= allowed,
    () => `Expected ${actual} to be ${expected} within ${allowed}, but it is ${distance} away`,
    msg,
  );
}

/** Asserts that `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  expect(actual > expected, () => `Expected ${inspect(actual)} > ${inspect(expected)}`, msg);
}

/** Asserts that `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  expect(actual >= expected, () => `Expected ${inspect(actual)} >= ${inspect(expected)}`, msg);
}

/** Asserts that `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  expect(actual < expected, () => `Expected ${inspect(actual)} < ${inspect(expected)}`, msg);
}

/** Asserts that `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  expect(actual <= expected, () => `Expected ${inspect(actual)} <= ${inspect(expected)}`, msg);
}

/** Asserts that `actual` is neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  expect(actual !== null && actual !== undefined, () => `Expected a value, got ${actual}`, msg);
}

/** Asserts that `actual` is an instance of a class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: abstract new (...args: never[]) => T,
  msg = "",
): asserts actual is T {
  expect(
    actual instanceof expectedType,
    () => `Expected a ${expectedType.name}, got ${inspect(actual)}`,
    msg,
  );
}

/** Asserts that a text contains another. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  expect(
    actual.includes(expected),
    () => `Expected ${inspect(actual)} to contain ${inspect(expected)}`,
    msg,
  );
}

/** Asserts that a text matches a regular expression. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  expect(expected.test(actual), () => `Expected ${inspect(actual)} to match ${expected}`, msg);
}

/** Asserts that each of `expected` deeply equals one of `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  msg?: string,
): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) =>
    !present.some((value) => isDeepStrictEqual(value, wanted))
  );
  expect(missing.length === 0, () => `Missing from ${inspect(actual)}: ${inspect(missing)}`, msg);
}

/**
 * Asserts that `error` is an `Error`, of a class and with a text in its message where these are
 * given.
 */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: abstract new (...args: never[]) => E,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  expect(error instanceof Error, () => `Expected an Error, got ${inspect(error)}`, msg);
  const expected = ErrorClass ?? Error;
  expect(
    error instanceof expected,
    () => `Expected a ${expected.name}, got ${inspect(error)}`,
    msg,
  );
  if (typeof msgMatches === "string") assertStringIncludes(error.message, msgMatches, msg);
  else if (msgMatches) assertMatch(error.message, msgMatches, msg);
}

/** Asserts that `fn` throws, whatever it is; returns what was thrown. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/**
 * Asserts that `fn` throws an error of this class whose message contains a text; returns the error.
 */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: abstract new (...args: never[]) => E,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error>(
  fn: () => unknown,
  classOrMsg?: (abstract new (...args: never[]) => E) | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    return caught(error, classOrMsg, msgIncludes, msg);
  }
  throw new AssertionError(`Expected function to throw${suffix(classOrMsg, msg)}`);
}

/** Asserts that the promise of `fn` rejects, with whatever; resolves to what it rejected with. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/**
 * Asserts that the promise of `fn` rejects with an error of this class whose message contains a
 * text; resolves to the error.
 */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: abstract new (...args: never[]) => E,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: (abstract new (...args: never[]) => E) | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const promise = started(fn, suffix(classOrMsg, msg));
  try {
    await promise;
  } catch (error) {
    return caught(error, classOrMsg, msgIncludes, msg);
  }
  throw new AssertionError(`Expected function to reject${suffix(classOrMsg, msg)}`);
}

/** The promise that `fn` returns; a function that throws at once does not reject. */
function started(fn: () => PromiseLike<unknown>, ending: string): PromiseLike<unknown> {
  try {
    const promise = fn();
    if (typeof promise?.then === "function") return promise;
  } catch (error) {
    throw new AssertionError(`Function throws when expected to reject${ending}`, { cause: error });
  }
  throw new AssertionError(`Function returns no promise when expected to reject${ending}`);
}

/** Checks what was thrown against the class and the text asked for. */
function caught<E extends Error>(
  error: unknown,
  classOrMsg?: (abstract new (...args: never[]) => E) | string,
  includes?: string,
  msg?: string,
) {
  if (classOrMsg && typeof classOrMsg !== "string") assertIsError(error, classOrMsg, includes, msg);
  return error;
}

/** The user's own words at the end of a message, wherever the overloads put them. */
function suffix(classOrMsg: unknown, msg: string | undefined): string {
  const own = typeof classOrMsg === "string" ? classOrMsg : msg;
  return own ? `: ${own}` : "";
}

/** Fails. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(undefined, msg)}`);
}

/** Says that this place can't be reached. */
export function unreachable(msg?: string): never {
  throw new AssertionError(msg ?? "Unreachable");
}
