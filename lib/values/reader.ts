/**
 * Readers of parsed JSON or YAML: one reader per type, composed like the type itself.
 *
 * @module
 */

/**
 * Returns a value with its type, or throws a `Mismatch`. `at` is the path of the value, such as
 * `trials[0].seed`. `or` is an alternative for the message, such as ` or null`.
 */
export type Reader<T> = (value: unknown, at: string, or?: string) => T;

/** A problem with a value, and its path. */
class Mismatch extends Error {}

/**
 * Reads a value. Throws the result of `refuse` if the reader rejects it. The problem names the
 * member and its expected type.
 */
export function readAs<T>(
  value: unknown,
  reader: Reader<T>,
  refuse: (problem: string) => Error,
): T {
  try {
    return reader(value, "");
  } catch (error) {
    throw error instanceof Mismatch ? refuse(error.message) : error;
  }
}

/** Creates a reader of the values that `is` accepts. Messages call them `name`. */
export function createReader<T>(name: string, is: (value: unknown) => value is T): Reader<T> {
  return (value, at, or = "") => {
    if (is(value)) return value;
    const place = at === "" ? "all of it" : at;
    throw new Mismatch(
      value === undefined
        ? `${place} is missing`
        : `${place} has to be ${name}${or}, not ${JSON.stringify(value)}`,
    );
  };
}

/** Reads a text. */
export const text: Reader<string> = createReader("a text", (value) => typeof value === "string");
/** Reads `true` or `false`. */
export const boolean: Reader<boolean> = createReader(
  "true or false",
  (value) => typeof value === "boolean",
);
/** Reads a finite number. */
export const number: Reader<number> = createReader(
  "a number",
  (value): value is number => typeof value === "number" && Number.isFinite(value),
);
/** Reads a whole number, 0 or more. */
export const count: Reader<number> = createReader(
  "a whole number, 0 or more",
  (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
);
/** Reads a number from 0 to 100. */
export const percent: Reader<number> = createReader(
  "a number from 0 to 100",
  (value): value is number => typeof value === "number" && value >= 0 && value <= 100,
);

/** Creates a reader of one of these values. */
export function oneOf<const T extends string>(...values: readonly T[]): Reader<T> {
  return createReader(
    values.map((value) => `"${value}"`).join(" or "),
    (value): value is T => values.some((one) => one === value),
  );
}

/** Creates a reader of `reader`'s values and `null`. */
export function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return (value, at) => value === null ? null : reader(value, at, " or null");
}

/** Creates a reader of `reader`'s values and `undefined`. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, at, or) => value === undefined ? undefined : reader(value, at, or);
}

/** Creates a reader of lists of `reader`'s values. */
export function arrayOf<T>(reader: Reader<T>): Reader<T[]> {
  const array = createReader("a list", (value): value is unknown[] => Array.isArray(value));
  return (value, at, or) => array(value, at, or).map((item, i) => reader(item, `${at}[${i}]`));
}

const object = createReader(
  "an object",
  (value): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value),
);

/** Creates a reader of objects with any member names. `reader` reads each member. */
export function recordOf<T>(reader: Reader<T>): Reader<{ [name: string]: T }> {
  return (value, at, or) => {
    const members = Object.entries(object(value, at, or)).filter(([, member]) =>
      member !== undefined
    );
    return Object.fromEntries(
      members.map(([name, member]) => [name, reader(member, at === "" ? name : `${at}.${name}`)]),
    );
  };
}

/**
 * Creates a reader of some members of an object, in the readers' order. It ignores other members.
 */
export function looseObject<T extends object>(
  readers: { readonly [K in keyof T]-?: Reader<T[K]> },
): Reader<T> {
  return (value, at, or) => {
    const from = object(value, at, or);
    const read: Partial<T> = {};
    for (const key in readers) {
      const member = readers[key](from[key], at === "" ? key : `${at}.${key}`);
      if (member !== undefined) read[key] = member;
    }
    return read as T;
  };
}

/** Creates a reader of objects with these members and no others, in the readers' order. */
export function strictObject<T extends object>(
  readers: { readonly [K in keyof T]-?: Reader<T[K]> },
): Reader<T> {
  const members = looseObject<T>(readers);
  return (value, at, or) => {
    const unexpected = Object.keys(object(value, at, or)).find((key) => !(key in readers));
    if (unexpected !== undefined) {
      throw new Mismatch(
        `${at === "" ? "" : `${at}.`}${unexpected} is unknown; known are ${
          Object.keys(readers).join(", ")
        }`,
      );
    }
    return members(value, at);
  };
}
