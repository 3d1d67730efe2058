/**
 * The assertions of JSR's `@std/assert` that this project uses, over `node:assert`. Equality is
 * slightly stricter than in the published package (0 is not −0), so tests that pass here pass
 * there.
 *
 * @module
 */
import { deepStrictEqual } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";

/** Error of an assertion that does not hold. */
export class AssertionError extends Error {
  /** Creates an error with a message about the expectation. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** Throws an `AssertionError` with this message if `holds` is false. Appends `msg`, if any. */
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
 * Asserts that two values are deeply equal: same prototypes and same own members. `NaN` equals
 * itself.
 */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  expect(
    isDeepStrictEqual(actual, expected),
    () => `Values are not equal\n${difference(actual, expected)}`,
    msg,
  );
}

/** Returns the difference of two values as `node:assert` reports it. */
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

/** Asserts that two values are identical, by `Object.is`. */
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

/** Asserts that two numbers differ by at most `tolerance`. Default: 1e-7 of the expected number. */
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

/** Asserts that each element of `expected` deeply equals an element of `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  msg?: string,
): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((element) =>
    !present.some((value) => isDeepStrictEqual(value, element))
  );
  expect(missing.length === 0, () => `Missing from ${inspect(actual)}: ${inspect(missing)}`, msg);
}

/**
 * Asserts that `error` is an `Error`. If present, its class and a part of its message must match
 * too.
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

/** Asserts that `fn` throws any value. Returns the thrown value. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/**
 * Asserts that `fn` throws an error of this class whose message contains a text. Returns the error.
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
    return checkThrown(error, classOrMsg, msgIncludes, msg);
  }
  throw new AssertionError(`Expected function to throw${suffix(classOrMsg, msg)}`);
}

/** Asserts that the promise of `fn` rejects with any value. Resolves to that value. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/**
 * Asserts that the promise of `fn` rejects with an error of this class whose message contains a
 * text. Resolves to the error.
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
  const promise = startPromise(fn, suffix(classOrMsg, msg));
  try {
    await promise;
  } catch (error) {
    return checkThrown(error, classOrMsg, msgIncludes, msg);
  }
  throw new AssertionError(`Expected function to reject${suffix(classOrMsg, msg)}`);
}

/**
 * Returns the promise of `fn`. A function that throws synchronously does not count as a rejection.
 */
function startPromise(fn: () => PromiseLike<unknown>, ending: string): PromiseLike<unknown> {
  try {
    const promise = fn();
    if (typeof promise?.then === "function") return promise;
  } catch (error) {
    throw new AssertionError(`Function throws when expected to reject${ending}`, { cause: error });
  }
  throw new AssertionError(`Function returns no promise when expected to reject${ending}`);
}

/** Checks a thrown value against the expected class and text, and returns it. */
function checkThrown<E extends Error>(
  error: unknown,
  classOrMsg?: (abstract new (...args: never[]) => E) | string,
  includes?: string,
  msg?: string,
) {
  if (classOrMsg && typeof classOrMsg !== "string") assertIsError(error, classOrMsg, includes, msg);
  return error;
}

/** Returns the end of a message: the caller's text, from either overload position. */
function suffix(classOrMsg: unknown, msg: string | undefined): string {
  const own = typeof classOrMsg === "string" ? classOrMsg : msg;
  return own ? `: ${own}` : "";
}

/** Fails in any case. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(undefined, msg)}`);
}

/** Fails since this code should be unreachable. */
export function unreachable(msg?: string): never {
  throw new AssertionError(msg ?? "Unreachable");
}
