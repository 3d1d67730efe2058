import type { Json } from "./json.ts";

/** A part of a declaration: its name and its options. */
export interface NamedPart {
  readonly id: string;
  readonly options: Json;
}

/**
 * Describes a part of a declaration: `sgd (epochs 10, drops (at 6/8, by 0.1))`. Only its name if it
 * has no options.
 */
export function describePart({ id, options }: NamedPart): string {
  const text = describeJson(options);
  return text ? `${id} (${text})` : id;
}

/** Describes JSON in words: `epochs 10, drops (at 6/8, by 0.1), no flip, peer resnet20`. */
export function describeJson(value: Json): string {
  if (isList(value)) {
    return value.map(describeMember).join(value.some(isObject) ? " and " : "/") || "none";
  }
  if (!isObject(value)) return String(value);
  return Object.entries(value).filter(([, one]) => one !== undefined).map(([key, one]) => {
    return typeof one === "boolean" ? one ? key : `no ${key}` : `${key} ${describeMember(one!)}`;
  }).join(", ");
}

/** Describes JSON inside other JSON. */
function describeMember(value: Json): string {
  return isNamed(value)
    ? describePart(value)
    : isObject(value)
    ? `(${describeJson(value)})`
    : describeJson(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is { readonly [key: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !isList(value);
}

function isNamed(value: Json): value is NamedPart & { readonly [key: string]: Json } {
  return isObject(value) && Object.keys(value).sort().join() === "id,options" &&
    typeof value.id === "string";
}

/**
 * Formats a text of a file for messages: in quotes if it has characters that are rare in names, and
 * cut after 200 characters.
 */
export function quoteText(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return /^[\w.…/-]+$/.test(short) ? short : JSON.stringify(short);
}
