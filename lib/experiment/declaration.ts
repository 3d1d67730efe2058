import { Failure } from "../values/failure.ts";
import { canonical, foreignToJson, type Json } from "../values/json.ts";
import { sha256 } from "../values/sha256.ts";
import type { Experiment, Teacher, Trained } from "./experiment.ts";

/**
 * Everything that determines a run, as JSON. The run's seeds, paths, addresses and numbers of
 * threads are not part of it. Throws a `Failure` (exit 2) if an option is something that JSON does
 * not have: another one would give the same declaration.
 */
export function declaration(experiment: Experiment): Json {
  const describePart = ({ id, options }: { readonly id: string; readonly options: Json }) => {
    const foreign = foreignToJson(options, "options");
    if (foreign) {
      throw new Failure(
        2,
        `${id}: ${foreign}; options are finite numbers, texts, lists and the like`,
      );
    }
    return { id, options };
  };
  const describeTrained = ({ experiment, seed, epoch, average }: Trained) => ({
    experiment: declaration(experiment),
    seed,
    epoch,
    ...average && { average },
  });
  const describeTeacher = (teacher: Teacher) => {
    if (teacher.kind === "trained") return describeTrained(teacher);
    const { network, sha256, top1, key, prefix } = teacher;
    return {
      network: describePart(network),
      sha256,
      top1,
      // Left out if undefined, so that declarations from before these options keep their hashes.
      ...key !== undefined && { key },
      ...prefix !== undefined && { prefix },
    };
  };
  const { start, body, distiller, needs } = experiment;
  return {
    dataset: describePart(experiment.dataset),
    student: {
      ...describePart(experiment.student),
      ...start && { start: describeTrained(start) },
      ...body && { body: describeTeacher(body) },
    },
    teachers: experiment.teachers.map(describeTeacher),
    distiller: {
      ...describePart(distiller),
      ...distiller.needs &&
        { takes: needs.map(({ name, trained }) => ({ name, ...describeTrained(trained) })) },
    },
    schedule: describePart(experiment.schedule),
  };
}

/**
 * The SHA-256 of an experiment's declaration, teachers included. The run's seeds, paths, addresses
 * and numbers of threads are not part of it.
 */
export function declarationHash(experiment: Experiment): Promise<string> {
  return sha256(new TextEncoder().encode(canonical(declaration(experiment))));
}

/** The name of a setting, from its place in a declaration: `student.width`, `student` of its `id`. */
export function settingName(place: string): string {
  return place.replaceAll(".options.", ".").replace(/\.id$/, "");
}
