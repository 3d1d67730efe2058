import type { Experiment } from "./experiment.ts";
import type { Json } from "./json.ts";
import { bullets, plain, stack } from "./markdown.ts";
import type { Outcome } from "./outcome.ts";
import type { Trial } from "./result.ts";

/** A row's name and what came of one of its experiments. */
export type Labelled = readonly [label: string, outcome: Outcome];

/**
 * How a table's experiments are set, and what the counted trials ran on. Data set and schedule stand together, by row,
 * where no row has two of them; else apart, each by row or, where rows have several and no student has, by the network
 * that learns. Markdown; empty without rows.
 */
export function settings(rows: readonly Labelled[]): string {
  const lines = (separate(rows, setting, row) ? [setting] : PARTS).flatMap((part) => {
    const name = separate(rows, part, row) || !separate(rows, part, learner) ? row : learner;
    const groups = grouped(rows, part, name);
    return groups.map(([text, names]) => plain(groups.length > 1 ? `${names.join(", ")}: ${text}` : text));
  });
  const trials = rows.flatMap(([, { measured }]) => measured);
  if (trials.length > 0) lines.push(plain(machinery(trials)));
  return lines.length > 0 ? stack(["**Settings**", bullets(lines)]) : "";
}

/** A row's name. */
const row: Name = ([label]) => label;
/** The network that learns. */
const learner: Name = ([, { experiment }]) => experiment.student.id;

/** What a setting may be told by. */
type Name = (row: Labelled) => string;

/** The settings that some experiments have, each with the names that have it. */
function grouped(rows: readonly Labelled[], of: Setting, name: Name): (readonly [text: string, names: string[]])[] {
  const alike = Map.groupBy(rows, ([, { experiment }]) => of(experiment));
  return Array.from(alike, ([text, rows]) => [text, [...new Set(rows.map(name))]]);
}

/** Whether no name has two of these settings. */
function separate(rows: readonly Labelled[], of: Setting, name: Name): boolean {
  const names = grouped(rows, of, name).flatMap(([, names]) => names);
  return new Set(names).size === names.length;
}

/** What an experiment is set to, in words. */
type Setting = (experiment: Experiment) => string;

const PARTS: readonly Setting[] = [({ dataset }) => called(dataset), ({ schedule }) => called(schedule)];

/** Data set and schedule. */
const setting: Setting = (experiment) => PARTS.map((part) => part(experiment)).join("; ");

/** A part of a declaration in words: `sgd (epochs 10, drops (at 6/8, by 0.1))`; its name alone where it has no options. */
export function called({ id, options }: { readonly id: string; readonly options: Json }): string {
  const text = words(options);
  return text ? `${id} (${text})` : id;
}

/** JSON in words: `epochs 10, drops (at 6/8, by 0.1), no flip`. */
function words(value: Json): string {
  if (Array.isArray(value)) return value.map(words).join("/") || "none";
  if (value === null || typeof value !== "object") return String(value);
  return Object.entries(value).filter(([, member]) => member !== undefined).map(([key, member]) => {
    if (typeof member === "boolean") return member ? key : `no ${key}`;
    const nested = typeof member === "object" && member !== null && !Array.isArray(member);
    return `${key} ${nested ? `(${words(member)})` : words(member!)}`;
  }).join(", ");
}

/** What trials ran on. */
function machinery(trials: readonly Trial[]): string {
  const distinct = (of: (trial: Trial) => string) => [...new Set(trials.map(of))].sort().join(", ");
  const precision = distinct(({ precision }) => precision);
  const engine = distinct(({ backend, tensorflow }) =>
    tensorflow ? `TensorFlow ${tensorflow}` : `the ${backend} backend`
  );
  const commit = distinct(({ commit }) => commit?.replace(/^([0-9a-f]{7})[0-9a-f]+/, "$1") ?? "unknown");
  return `measured in ${precision} with ${engine}, commit ${commit}`;
}
