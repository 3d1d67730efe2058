import type { Subject } from "../evaluation/open_subject.ts";
import { studentSubject, teacherSubjects, type TrainedSubject } from "../run/subjects.ts";
import { readTrainedStudent } from "../run/trained.ts";
import { networkOf } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import type { FigureSettings, Shown } from "./figure.ts";
import { type Labelled, labelled } from "./labelled.ts";
import { pickPresent } from "./pick_present.ts";

/** A trained network under the name of its panel. */
export interface ShownNetwork {
  readonly label: string;
  readonly subject: Subject;
}

/** A trained student, and the network that taught it. */
export interface Taught extends ShownNetwork, Labelled {
  /** Its teacher. `undefined` if it has none or several. */
  readonly teacher?: ShownNetwork & { readonly subject: TrainedSubject };
}

/**
 * Reads the weights of students and of the only teacher of each. Leaves out runs that are not
 * trained, and says so. Rejects with a `Failure` (exit 3) that says how to get one if none is.
 */
export async function readTaught(
  shown: readonly Shown[],
  settings: FigureSettings,
): Promise<Taught[]> {
  const found: (Omit<Taught, "label"> | Failure)[] = [];
  for (const one of shown) {
    found.push(
      await readOne(one, settings).catch((error) => {
        if (error instanceof Failure) return error;
        throw error;
      }),
    );
  }
  return labelled(pickPresent(found, settings.status.line));
}

async function readOne(shown: Shown, settings: FigureSettings): Promise<Omit<Taught, "label">> {
  const { seed, epoch } = settings;
  const { experiment } = shown;
  const subject = studentSubject(await readTrainedStudent(experiment, seed, epoch));
  if (experiment.teachers.length !== 1) return { ...shown, subject };
  const [teacher] = await teacherSubjects(experiment, settings);
  const name = `teacher ${networkOf(experiment.teachers[0]).id}`;
  return { ...shown, subject, teacher: { label: name, subject: teacher } };
}

/** The students, and behind them each of their teachers once. */
export function withTeachers(taught: readonly Taught[]): ShownNetwork[] {
  const teachers = new Map(
    taught.flatMap(({ teacher }) => teacher ? [[teacher.subject.file.sha256, teacher]] : []),
  );
  return [...taught, ...teachers.values()];
}
