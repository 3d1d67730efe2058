import type { Epoch, Experiment, Trained } from "./experiment.ts";
import { type Settings, wanted } from "./settings.ts";

/** The epochs of an experiment's trial whose weights others ask for, and those that these build on: what has to be kept. */
export function askedEpochs(
  experiment: Experiment,
  seed: number,
  others: readonly Experiment[],
  settings: Pick<Settings, "epochs">,
): Epoch[] {
  const all = others.flatMap(trainedFor).filter((trained) =>
    trained.experiment === experiment && trained.seed === seed
  );
  return [...new Set(all.map((trained) => wanted(trained, settings)))];
}

/** What others trained for an experiment, each before what in turn was trained for it. */
export function trainedFor({ teachers, start, distiller: { takes = [] } }: Experiment): Trained[] {
  const own = [
    ...teachers.flatMap((teacher) => teacher.kind === "trained" ? [teacher] : []),
    ...start ? [start] : [],
    ...takes.map(({ trained }) => trained),
  ];
  return own.flatMap((trained) => [trained, ...trainedFor(trained.experiment)]);
}
