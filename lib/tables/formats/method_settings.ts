import { called, type Named, words } from "../../values/words.ts";
import { canonical, type Json } from "../../values/json.ts";
import type { Labelled } from "./settings.ts";

/**
 * How the methods of a table's rows are set: a line for each that has options, with the rows that have it where these are called
 * otherwise, said in full or by what differs from a row above with the same method.
 */
export function methodSettings(rows: readonly Labelled[]): string[] {
  const alike = Map.groupBy(rows, ([, { experiment: { distiller: { id, options } } }]) => canonical({ id, options }));
  const methods = Array.from(alike.values(), (alike): Method => {
    const [[, { experiment: { distiller: { id, options } } }]] = alike;
    return { id, options, labels: alike.map(([label]) => label) };
  });
  return methods.filter((method) => called(method) !== method.id).map((method) => {
    const first = methods.find(({ id }) => id === method.id)!, names = method.labels.join(", ");
    if (methods.length === 1 || (method === first && names === method.id)) return called(method);
    return `${names}: ${inWords(method, first)}`;
  });
}

/** A method and the rows that have it. */
type Method = Named & { readonly labels: readonly string[] };

function inWords(method: Method, first: Method): string {
  const changes = method === first ? undefined : changed(method.options, first.options);
  return changes ? `as ${first.labels[0]}, but ${words(changes)}` : called(method);
}

/** The options that are not as those others; `undefined` where either have some that the others lack. */
function changed(options: Json, others: Json): Json | undefined {
  const [own, their] = [options, others].map((one) =>
    Object.entries(one ?? {}).filter(([, member]) => member !== undefined)
  );
  const before = new Map<string, Json>(their);
  if (own.length !== their.length || !own.every(([key]) => before.has(key))) return undefined;
  return Object.fromEntries(own.filter(([key, member]) => canonical(member) !== canonical(before.get(key)!)));
}
