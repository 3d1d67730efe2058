/**
 * What teaches in a table of our own, by names: the network's, and in brackets what tells it from
 * others there.
 *
 * @module
 */
import { basename } from "node:path";
import { type Experiment, networkOf, type Teacher } from "../experiment/experiment.ts";
import { identify, type Identity } from "../project/identify.ts";
import type { Experiments } from "../experiment/tables.ts";

/** Teachers by name: `resnet20`, `resnet20 (seed 2)`, `resnet14 (assistant, epoch 4)`. */
export type TeacherNames = ReadonlyMap<Teacher, string>;

/**
 * What trained a teacher: its experiment, or the address of weights that were trained elsewhere.
 */
export type TeacherSource = Experiment | string;

/** What trained a teacher. */
export function sourceOf(teacher: Teacher): TeacherSource {
  return teacher.kind === "trained"
    ? teacher.experiment
    : String(teacher.source.file ?? teacher.source.url);
}

/**
 * The names of all that teaches in a table's rows: the source of its weights where the table has
 * several of one network, the seed where it is not 1, the epoch where it is not the last. Rejects
 * with a `Failure` (exit 2) where a source that has to be named is an experiment that its module
 * does not export.
 */
export async function teacherNames(rows: Experiments): Promise<TeacherNames> {
  const teachers = Object.values(rows).flatMap(({ teachers }) => teachers);
  const networks = Map.groupBy(teachers, (teacher) => networkOf(teacher).id);
  const several = Array.from(networks.values(), (alike) => new Set(alike.map(sourceOf))).filter((
    { size },
  ) => size > 1);
  const sources = await sourceNames(several.flatMap((alike) => [...alike]), rows);
  return new Map(
    teachers.map((teacher) => [teacher, inWords(teacher, sources.get(sourceOf(teacher)))]),
  );
}

function inWords(teacher: Teacher, source: string | undefined): string {
  const { id } = networkOf(teacher);
  const facts = source === undefined ? [] : [source];
  if (teacher.kind === "trained") {
    const { seed, epoch } = teacher;
    if (seed !== 1) facts.push(`seed ${seed}`);
    if (epoch !== "last") facts.push(epoch === "best" ? "best epoch" : `epoch ${epoch}`);
  }
  return facts.length > 0 ? `${id} (${facts.join(", ")})` : id;
}

/**
 * What sources are called: weights by their file; experiments by their row, else as they are
 * exported, else, where that is not theirs alone, by their id.
 */
async function sourceNames(
  sources: readonly TeacherSource[],
  rows: Experiments,
): Promise<ReadonlyMap<TeacherSource, string>> {
  const labels = new Map(
    Object.entries(rows).map(([label, experiment]) => [experiment, label] as const),
  );
  const found = await Promise.all(sources.map(async (source): Promise<Identified> => {
    if (typeof source === "string") return { id: basename(source) };
    const label = labels.get(source);
    return label === undefined ? await identify(source) : { id: label };
  }));
  const isAlone = (name: string) =>
    !Object.hasOwn(rows, name) && found.filter((one) => one.name === name).length === 1;
  return new Map(
    found.map(({ id, name }, i) => [sources[i], name !== undefined && isAlone(name) ? name : id]),
  );
}

/** A source's name, and a shorter one. */
type Identified = Pick<Identity, "id" | "name">;
