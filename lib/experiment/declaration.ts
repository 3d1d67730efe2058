import { canonical, type Json } from "../values/json.ts";
import { sha256 } from "../values/sha256.ts";
import type { Experiment, Trained } from "./experiment.ts";

/**
 * Everything that determines a run but its seed, as JSON: paths, addresses, seeds of the run and
 * threads are not in it.
 */
export function declaration(experiment: Experiment): Json {
  const part = ({ id, options }: { readonly id: string; readonly options: Json }) => ({
    id,
    options,
  });
  const nested = ({ experiment, seed, epoch }: Trained) => ({
    experiment: declaration(experiment),
    seed,
    epoch,
  });
  const { start, distiller, needs } = experiment;
  return {
    dataset: part(experiment.dataset),
    student: { ...part(experiment.student), ...start && { start: nested(start) } },
    teachers: experiment.teachers.map((teacher) => {
      if (teacher.kind === "trained") return nested(teacher);
      return { network: part(teacher.network), sha256: teacher.sha256, top1: teacher.top1 };
    }),
    distiller: {
      ...part(distiller),
      ...distiller.needs &&
        { takes: needs.map(({ name, trained }) => ({ name, ...nested(trained) })) },
    },
    schedule: part(experiment.schedule),
  };
}

/**
 * The SHA-256 of everything that an experiment declares, teachers included; paths, seeds of the run
 * and threads are not in it.
 */
export function declarationHash(experiment: Experiment): Promise<string> {
  return sha256(new TextEncoder().encode(canonical(declaration(experiment))));
}
