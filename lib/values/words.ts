import type { Json } from "./json.ts";

/** A part of a declaration: its name and its options. */
export interface NamedPart {
  /** What it is called. */
  readonly id: string;
  /** What it was asked for. */
  readonly options: Json;
}

/**
 * A part of a declaration in words: `sgd (epochs 10, drops (at 6/8, by 0.1))`; its name alone where
 * it has no options.
 */
export function inWords({ id, options }: NamedPart): string {
  const text = jsonInWords(options);
  return text ? `${id} (${text})` : id;
}

/** JSON in words: `epochs 10, drops (at 6/8, by 0.1), no flip, peer resnet20`. */
export function jsonInWords(value: Json): string {
  if (isList(value)) return value.map(member).join(value.some(isObject) ? " and " : "/") || "none";
  if (!isObject(value)) return String(value);
  return Object.entries(value).filter(([, one]) => one !== undefined).map(([key, one]) => {
    return typeof one === "boolean" ? one ? key : `no ${key}` : `${key} ${member(one!)}`;
  }).join(", ");
}

/** JSON inside of other JSON in words. */
function member(value: Json): string {
  return isNamed(value)
    ? inWords(value)
    : isObject(value)
    ? `(${jsonInWords(value)})`
    : jsonInWords(value);
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
 * A text of a file for messages: in quotes where it has letters that names seldom have, and cut
 * where it is long.
 */
export function quoted(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return /^[\w.…/-]+$/.test(short) ? short : JSON.stringify(short);
}
