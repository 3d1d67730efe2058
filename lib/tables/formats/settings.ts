import { networkOf } from "../../experiment/experiment.ts";
import { engineTitle, type Trial } from "../../project/result.ts";
import { canonical, type Json } from "../../values/json.ts";
import { escapeMarkdown, formatList, joinBlocks } from "../../values/markdown.ts";
import { describeJson, describePart, type NamedPart } from "../../values/words.ts";
import type { LabelledOutcome } from "../own_rows.ts";

/**
 * The settings of a table's experiments, the options of their students, the platform of their
 * trials, and `further` lines, as markdown. Data set and schedule are in one line, grouped by row
 * label, if no label has two of them. Else each has its own lines, grouped by the key that leaves
 * the fewest exceptions: the row label, the student, or the pair. Exceptions follow below. Empty if
 * there are no rows.
 */
export function tableSettings(
  rows: readonly LabelledOutcome[],
  further: readonly string[] = [],
): string {
  const parts = groupSettings(rows, both, row).others.length === 0 ? [both] : PARTS;
  const lines = parts.flatMap((part) => {
    const [best] = [row, student, pair].map((name) => groupSettings(rows, part, name))
      .toSorted((a, b) => a.others.length - b.others.length);
    return best.lines.concat(exceptions(best.others, part));
  });
  lines.push(...studentSettings(rows));
  const trials = rows.flatMap(([, { measured }]) => measured);
  if (trials.length > 0) lines.push(platform(trials));
  return lines.length > 0
    ? joinBlocks(["**Settings**", formatList([...lines, ...further].map(escapeMarkdown))])
    : "";
}

/** A text about a row: a setting, or a key by which rows are grouped. */
type RowText = (row: LabelledOutcome) => string;

const row: RowText = ([label]) => label;
const student: RowText = ([, { experiment }]) => experiment.student.id;
const pair: RowText = ([, { experiment: { teachers, student } }]) => {
  const teaching = new Set(teachers.map((teacher) => networkOf(teacher).id));
  return teaching.size > 0 ? `${[...teaching].join(", ")} → ${student.id}` : student.id;
};

/** Data set and schedule, in words. */
const PARTS: readonly RowText[] = [
  ([, { experiment }]) => describePart(experiment.dataset),
  ([, { experiment }]) => describePart(experiment.schedule),
];

const both: RowText = (row) => PARTS.map((part) => part(row)).join("; ");

/**
 * A line for each setting with the names whose rows mostly have it, and the `others`: rows that
 * have another setting than most rows of their name.
 */
function groupSettings(
  rows: readonly LabelledOutcome[],
  setting: RowText,
  name: RowText,
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

/** The most frequent text, the first one if there are several. */
function commonest(texts: readonly string[]): string {
  const [[text]] = Array.from(Map.groupBy(texts, (text) => text)).toSorted(([, a], [, b]) =>
    b.length - a.length
  );
  return text;
}

/** A line for each setting with the labels and the pairs of the rows that have it. */
function exceptions(rows: readonly LabelledOutcome[], setting: RowText): string[] {
  return Array.from(
    Map.groupBy(rows, setting),
    ([text, alike]) => `but ${placesOf(alike)}: ${text}`,
  );
}

/** The labels and the pairs of rows: `kd, at on resnet20 → resnet8; crd on vgg13 → vgg8`. */
function placesOf(rows: readonly LabelledOutcome[]): string {
  const pairs = Array.from(
    Map.groupBy(rows, row),
    ([label, own]) => [label, [...new Set(own.map(pair))].join(", ")] as const,
  );
  return Array.from(
    Map.groupBy(pairs, ([, where]) => where),
    ([where, labels]) => `${labels.map(([label]) => label).join(", ")} on ${where}`,
  ).join("; ");
}

/**
 * A line for each student with options: the network with them. It starts with the rows if others
 * have the network with other options.
 */
function studentSettings(rows: readonly LabelledOutcome[]): string[] {
  const inWords: RowText = ([, { experiment }]) => describePart(experiment.student);
  const networks = Map.groupBy(rows, student);
  return Array.from(networks.values()).flatMap((alike) => {
    const variants = Map.groupBy(alike, inWords);
    return Array.from(variants).flatMap(([text, own]) => {
      if (text === student(own[0])) return [];
      return [variants.size > 1 ? `${placesOf(own)}: ${text}` : text];
    });
  });
}

/** The precision, the backend and the commit of trials. */
function platform(trials: readonly Trial[]): string {
  const distinct = (of: (trial: Trial) => string) => [...new Set(trials.map(of))].sort().join(", ");
  const precision = distinct(({ precision }) => precision);
  const engine = distinct(engineTitle);
  const commit = distinct(({ commit }) =>
    commit?.replace(/^([0-9a-f]{7})[0-9a-f]+/, "$1") ?? "unknown"
  );
  return `measured in ${precision} with ${engine}, commit ${commit}`;
}

/**
 * A line for each method with options in a table's rows: its options in full, or the differences
 * from the first row with the same method id. The line starts with the labels of its rows, unless
 * the method's name says them.
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
  return methods.filter((method) => describePart(method) !== method.id).map((method) => {
    const first = methods.find(({ id }) => id === method.id)!;
    const names = method.labels.join(", ");
    if (methods.length === 1 || (method === first && names === method.id)) {
      return describePart(method);
    }
    return `${names}: ${methodInWords(method, first)}`;
  });
}

/** A method and the labels of its rows. */
type Method = NamedPart & { readonly labels: readonly string[] };

function methodInWords(method: Method, first: Method): string {
  const changes = method === first ? undefined : changedOptions(method.options, first.options);
  return changes ? `as ${first.labels[0]}, but ${describeJson(changes)}` : describePart(method);
}

/**
 * The options whose values differ from those of `others`; `undefined` if the two do not have the
 * same keys.
 */
function changedOptions(options: Json, others: Json): Json | undefined {
  const [own, their] = [options, others].map((one) =>
    Object.entries(one ?? {}).filter(([, member]) => member !== undefined)
  );
  const before = new Map<string, Json>(their);
  if (own.length !== their.length || !own.every(([key]) => before.has(key))) return undefined;
  return Object.fromEntries(
    own.filter(([key, member]) => canonical(member) !== canonical(before.get(key)!)),
  );
}
