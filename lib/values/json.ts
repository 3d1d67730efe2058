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
