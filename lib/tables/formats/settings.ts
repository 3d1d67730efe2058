import { networkOf } from "../../experiment/experiment.ts";
import type { Trial } from "../../project/result.ts";
import { canonical, type Json } from "../../values/json.ts";
import { bullets, escapeMarkdown, stack } from "../../values/markdown.ts";
import { inWords, jsonInWords, type NamedPart } from "../../values/words.ts";
import type { LabelledOutcome } from "../own_rows.ts";

/**
 * How a table's experiments are set, what the counted trials ran on, and further lines. Data set
 * and schedule stand together, by row, where no row has two of them; else apart, each by what tells
 * it best: the row, the network that learns, or the pair. What rows have otherwise than most of
 * that name stands below. Markdown; empty without rows.
 */
export function tableSettings(
  rows: readonly LabelledOutcome[],
  further: readonly string[] = [],
): string {
  const parts = told(rows, both, row).others.length === 0 ? [both] : PARTS;
  const lines = parts.flatMap((part) => {
    const [best] = [row, learner, pair].map((name) => told(rows, part, name))
      .toSorted((a, b) => a.others.length - b.others.length);
    return best.lines.concat(exceptions(best.others, part));
  });
  const trials = rows.flatMap(([, { measured }]) => measured);
  if (trials.length > 0) lines.push(machinery(trials));
  return lines.length > 0
    ? stack(["**Settings**", bullets([...lines, ...further].map(escapeMarkdown))])
    : "";
}

/** Something about a row. */
type Of = (row: LabelledOutcome) => string;

/** A row's name. */
const row: Of = ([label]) => label;
/** The network that learns. */
const learner: Of = ([, { experiment }]) => experiment.student.id;
/** The networks that teach and the one that learns. */
const pair: Of = ([, { experiment: { teachers, student } }]) => {
  const teaching = new Set(teachers.map((teacher) => networkOf(teacher).id));
  return teaching.size > 0 ? `${[...teaching].join(", ")} → ${student.id}` : student.id;
};

/** What is set, in words. */
const PARTS: readonly Of[] = [
  ([, { experiment }]) => inWords(experiment.dataset),
  ([, { experiment }]) => inWords(experiment.schedule),
];

/** Data set and schedule. */
const both: Of = (row) => PARTS.map((part) => part(row)).join("; ");

/**
 * A line for each setting with the names most of whose rows have it, and the rows that have another
 * one.
 */
function told(
  rows: readonly LabelledOutcome[],
  setting: Of,
  name: Of,
): { lines: string[]; others: LabelledOutcome[] } {
  const usual = new Map(
    Array.from(Map.groupBy(rows, name), ([name, alike]) => [name, commonest(alike.map(setting))]),
  );
  const groups = Map.groupBy(usual.keys(), (name) => usual.get(name)!);
  return {
    lines: Array.from(
      groups,
      ([text, names]) => groups.size > 1 ? `${names.join(", ")}: ${text}` : text,
    ),
    others: rows.filter((row) => setting(row) !== usual.get(name(row))),
  };
}

/** The text that is there most often, the first one of several such. */
function commonest(texts: readonly string[]): string {
  const [[text]] = Array.from(Map.groupBy(texts, (text) => text)).toSorted(([, a], [, b]) =>
    b.length - a.length
  );
  return text;
}

/** A line for each setting with the rows that have it, and on which pairs. */
function exceptions(rows: readonly LabelledOutcome[], setting: Of): string[] {
  return Array.from(Map.groupBy(rows, setting), ([text, alike]) => {
    const pairs = Array.from(
      Map.groupBy(alike, row),
      ([label, own]) => [label, [...new Set(own.map(pair))].join(", ")] as const,
    );
    const places = Array.from(Map.groupBy(pairs, ([, where]) => where), ([where, labels]) => {
      return `${labels.map(([label]) => label).join(", ")} on ${where}`;
    });
    return `but ${places.join("; ")}: ${text}`;
  });
}

/** What trials ran on. */
function machinery(trials: readonly Trial[]): string {
  const distinct = (of: (trial: Trial) => string) => [...new Set(trials.map(of))].sort().join(", ");
  const precision = distinct(({ precision }) => precision);
  const engine = distinct(({ backend, tensorflow }) =>
    tensorflow ? `TensorFlow ${tensorflow}` : `the ${backend} backend`
  );
  const commit = distinct(({ commit }) =>
    commit?.replace(/^([0-9a-f]{7})[0-9a-f]+/, "$1") ?? "unknown"
  );
  return `measured in ${precision} with ${engine}, commit ${commit}`;
}

/**
 * How the methods of a table's rows are set: a line for each that has options, with the rows that
 * have it where these are called otherwise, said in full or by what differs from a row above with
 * the same method.
 */
export function methodSettings(rows: readonly LabelledOutcome[]): string[] {
  const alike = Map.groupBy(
    rows,
    ([, { experiment: { distiller: { id, options } } }]) => canonical({ id, options }),
  );
  const methods = Array.from(alike.values(), (alike): Method => {
    const [[, { experiment: { distiller: { id, options } } }]] = alike;
    return { id, options, labels: alike.map(([label]) => label) };
  });
  return methods.filter((method) => inWords(method) !== method.id).map((method) => {
    const first = methods.find(({ id }) => id === method.id)!;
    const names = method.labels.join(", ");
    if (methods.length === 1 || (method === first && names === method.id)) return inWords(method);
    return `${names}: ${methodInWords(method, first)}`;
  });
}

/** A method and the rows that have it. */
type Method = NamedPart & { readonly labels: readonly string[] };

function methodInWords(method: Method, first: Method): string {
  const changes = method === first ? undefined : changed(method.options, first.options);
  return changes ? `as ${first.labels[0]}, but ${jsonInWords(changes)}` : inWords(method);
}

/**
 * The options that are not as those others; `undefined` where either have some that the others
 * lack.
 */
function changed(options: Json, others: Json): Json | undefined {
  const [own, their] = [options, others].map((one) =>
    Object.entries(one ?? {}).filter(([, member]) => member !== undefined)
  );
  const before = new Map<string, Json>(their);
  if (own.length !== their.length || !own.every(([key]) => before.has(key))) return undefined;
  return Object.fromEntries(
    own.filter(([key, member]) => canonical(member) !== canonical(before.get(key)!)),
  );
}
