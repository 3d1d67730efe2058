/** A value that JSON can represent. Members that are `undefined` are omitted. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** Writes JSON with sorted keys and no spaces: equal values give the same text in any key order. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined).sort((
    [a],
    [b],
  ) => a < b ? -1 : 1);
  return `{${
    members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member as Json)}`).join(",")
  }}`;
}

/**
 * Returns the first value in `value`, with its place, that JSON would write as another one or not at
 * all: NaN, an infinity, a class instance. `undefined` if there is none. `at` is the place of the
 * whole.
 */
export function foreignToJson(value: unknown, at: string): string | undefined {
  const isPlain = value === null || ["boolean", "string", "undefined"].includes(typeof value);
  if (isPlain || typeof value === "number" && Number.isFinite(value)) return undefined;
  if (Array.isArray(value)) return first(value.map((one, i) => foreignToJson(one, `${at}[${i}]`)));
  if (typeof value === "object" && !(Symbol.toStringTag in value) && !(value instanceof Date)) {
    return first(Object.entries(value).map(([key, one]) => foreignToJson(one, `${at}.${key}`)));
  }
  return `${at} is ${
    typeof value === "object" || typeof value === "function" ? `a ${nameOfKind(value)}` : value
  }`;
}

const first = (found: readonly (string | undefined)[]): string | undefined =>
  found.find((one) => one !== undefined);

/** The class of an object, such as `Map`, or `function`. */
const nameOfKind = (value: object): string =>
  typeof value === "function" ? "function" : value.constructor.name;

/**
 * Returns a key that some object of a valid JSON text has twice. `JSON.parse` does not report it.
 * `undefined` if there is none.
 */
export function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    if (json[i] === "{") open.push(new Set());
    else if (json[i] === "}") open.pop();
    else if (json[i] === '"') {
      const start = i++;
      for (; json[i] !== '"'; i++) if (json[i] === "\\") i++;
      let after = i + 1;
      while (/\s/.test(json[after])) after++;
      if (json[after] !== ":") continue;
      const key = JSON.parse(json.slice(start, i + 1));
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
}
