import type { Subject } from "../evaluation/open_subject.ts";
import type { Experiment, Trained } from "../experiment/experiment.ts";
import type { ExternalWeights } from "../experiment/weights.ts";
import { projectRoot } from "../project/identify.ts";
import { openWeights, resolveWeights } from "../weights/locate_weights.ts";
import type { WeightsFile } from "../weights/weights_file.ts";
import { imageSource } from "./declared_data.ts";
import { foundationSettings, type Settings } from "./settings.ts";
import { readTrainedFoundation, type TrainedStudent } from "./trained.ts";

/** A subject with the SHA-256 of the file of its weights. */
export interface TrainedSubject extends Subject {
  readonly file: Pick<WeightsFile, "path" | "tensors" | "sha256">;
}

/** A trained student on the data set of its experiment. */
export function studentSubject(student: TrainedStudent): TrainedSubject {
  const { experiment: { student: network, dataset }, path, tensors, sha256, learned } = student;
  return { network, dataset, file: { path, tensors, sha256 }, learned };
}

/** The settings that decide which weights of a teacher are taken. */
export type TeacherSettings = Pick<Settings, "data" | "status" | "epochs" | "limit">;

/**
 * Reads the teachers of an experiment, in order, to examine them on the experiment's data set.
 * `settings` are those of the run that they teach. Rejects with a `Failure` (exit 3) if a teacher
 * is not trained or its weights cannot be read.
 */
export async function teacherSubjects(
  experiment: Experiment,
  settings: TeacherSettings,
): Promise<TrainedSubject[]> {
  const subjects: TrainedSubject[] = [];
  for (const teacher of experiment.teachers) {
    subjects.push(
      teacher.kind === "trained"
        ? await trainedTeacher(teacher, experiment, settings)
        : await externalTeacher(teacher, experiment, settings),
    );
  }
  return subjects;
}

async function trainedTeacher(
  teacher: Trained,
  experiment: Experiment,
  settings: TeacherSettings,
): Promise<TrainedSubject> {
  const { dataset } = experiment;
  const choice = foundationSettings(experiment, { ...settings, fresh: false });
  const subject = studentSubject(await readTrainedFoundation(teacher, choice));
  // It may have learned from other images than these.
  const isSameSource = imageSource(subject.dataset) === imageSource(dataset);
  return { ...subject, dataset, learned: isSameSource ? subject.learned : undefined };
}

async function externalTeacher(
  teacher: ExternalWeights,
  { dataset, url }: Experiment,
  { data, status }: TeacherSettings,
): Promise<TrainedSubject> {
  const place = await resolveWeights(teacher, projectRoot(url), data);
  return { network: teacher.network, dataset, file: await openWeights(place, status.line) };
}
