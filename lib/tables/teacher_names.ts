/**
 * The names of the teachers in a table of our own: the network's id, and in brackets the facts that
 * distinguish it from the table's other teachers.
 *
 * @module
 */
import { basename } from "node:path";
import { networkOf, type Teacher } from "../experiment/experiment.ts";
import { identify, type Identity } from "../project/identify.ts";
import type { Experiments } from "../experiment/tables.ts";
import { sourceOf, type TeacherSource } from "./teacher_source.ts";

/** Teachers by name: `resnet20`, `resnet20 (seed 2)`, `resnet14 (assistant, epoch 4)`. */
export type TeacherNames = ReadonlyMap<Teacher, string>;

/**
 * Names all teachers in a table's rows. A name has the source of the weights if the table has
 * several sources for one network, the seed if it is not 1, the epoch if it is not the last, and
 * whether the weights are their moving average. Rejects with a `Failure` (exit 2) if it needs the
 * name of an experiment that its module does not export.
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
    const { seed, epoch, average } = teacher;
    if (seed !== 1) facts.push(`seed ${seed}`);
    if (epoch !== "last") facts.push(epoch === "best" ? "best epoch" : `epoch ${epoch}`);
    if (average) facts.push("average");
  }
  return facts.length > 0 ? `${id} (${facts.join(", ")})` : id;
}

/**
 * The names of sources. Weights have the name of their file, else, if that name is not unique, its
 * path. Experiments have the label of their row, else the name of their export, else, if that name
 * is not unique, their id.
 */
async function sourceNames(
  sources: readonly TeacherSource[],
  rows: Experiments,
): Promise<ReadonlyMap<TeacherSource, string>> {
  const labels = new Map(
    Object.entries(rows).map(([label, experiment]) => [experiment, label] as const),
  );
  const found = await Promise.all(sources.map(async (source): Promise<Identified> => {
    if (typeof source === "string") return { id: source, name: basename(source) };
    const label = labels.get(source);
    return label === undefined ? await identify(source) : { id: label };
  }));
  const isAlone = (name: string) =>
    !Object.hasOwn(rows, name) && found.filter((one) => one.name === name).length === 1;
  return new Map(
    found.map(({ id, name }, i) => [sources[i], name !== undefined && isAlone(name) ? name : id]),
  );
}

/** A source's name, and a shorter one that may not be unique. */
type Identified = Pick<Identity, "id" | "name">;
