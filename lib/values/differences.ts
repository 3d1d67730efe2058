import { canonical, type Json } from "./json.ts";

/** A place at which two JSON values differ. */
export interface Difference {
  /** The place, such as `student.options.widths[2]`; empty if it is the whole. */
  readonly path: string;
  /** What the first value has there; `undefined` if it has nothing. */
  readonly a: Json | undefined;
  /** What the second value has there; `undefined` if it has nothing. */
  readonly b: Json | undefined;
}

/**
 * The places at which two JSON values differ, as deep as both go: what only one has is a single
 * difference, however much is in it. Lists are compared by index. Members come in the order of their
 * names and elements in that of their indices, so the order of keys has no effect.
 */
export function differences(a: Json, b: Json): Difference[] {
  return below(a, b, "");
}

function below(a: Json | undefined, b: Json | undefined, path: string): Difference[] {
  if (a === undefined && b === undefined) return [];
  if (isList(a) && isList(b)) {
    const indices = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i);
    return indices.flatMap((i) => below(a[i], b[i], `${path}[${i}]`));
  }
  if (isRecord(a) && isRecord(b)) {
    const [of, over] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
    const keys = [...new Set([...of.keys(), ...over.keys()])].sort();
    return keys.flatMap((key) =>
      below(of.get(key), over.get(key), path === "" ? key : `${path}.${key}`)
    );
  }
  const isSame = a !== undefined && b !== undefined && canonical(a) === canonical(b);
  return isSame ? [] : [{ path, a, b }];
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

const isRecord = (
  value: Json | undefined,
): value is { readonly [key: string]: Json | undefined } =>
  typeof value === "object" && value !== null && !isList(value);
