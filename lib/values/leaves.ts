import type { Json } from "./json.ts";

/**
 * The texts, numbers, booleans, nulls and lists of these in a value, by their paths: the first
 * teacher's seed is at `teachers[0].seed`. An empty object or list stands for itself.
 */
export function leaves(value: Json): ReadonlyMap<string, Json> {
  return new Map(leavesAt("", value));
}

function leavesAt(path: string, value: Json): [string, Json][] {
  if (!hasMembers(value)) return [[path, value]];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, member]) => {
    const at = isList ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    return member === undefined ? [] : leavesAt(at, member);
  });
}

/** Whether a value is an object or a list with parts of their own. */
function hasMembers(value: Json): value is { readonly [key: string]: Json } {
  const isObject = (one: Json) => typeof one === "object" && one !== null;
  if (!isObject(value)) return false;
  return Array.isArray(value) ? value.some(isObject) : Object.keys(value!).length > 0;
}
