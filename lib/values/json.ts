/** A value that JSON can write. `undefined` members are left out. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** JSON with sorted keys and no spaces: the same text for the same value, whatever the order it was built in. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member as Json)}`).join(",")}}`;
}
