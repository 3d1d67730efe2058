import type { Subject } from "../evaluation/open_subject.ts";
import { dataName } from "../experiment/data_name.ts";
import { imageSource } from "../run/declared_data.ts";
import { studentSubject, teacherSubjects, type TrainedSubject } from "../run/subjects.ts";
import { readTrainedStudent } from "../run/trained.ts";
import { classification } from "../tasks/classification.ts";
import { Failure } from "../values/failure.ts";
import type { FigureSettings, Shown } from "./figure.ts";
import { type Labelled, labelled } from "./labelled.ts";
import { pickPresent } from "./pick_present.ts";
import { teacherLabels } from "./teacher_labels.ts";

/** A trained network under the name of its panel. */
export interface ShownNetwork {
  readonly label: string;
  readonly subject: Subject;
}

/** A trained student, and the network that taught it. */
export interface Taught extends ShownNetwork, Labelled {
  /** Its teacher. `undefined` if it has none or several. */
  readonly teacher?: TrainedSubject;
}

/**
 * Reads the weights of students and of the only teacher of each. Leaves out runs that are not
 * trained, and says so. Rejects with a `Failure`: exit 3 that says how to get one if none is, exit 2
 * if they are of several data sets.
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
  const taught = labelled(pickPresent(found, settings.status.line));
  checkOneDataset(taught);
  return taught;
}

/** Throws a `Failure` (exit 2) if networks learned several data sets: no image is common to them. */
function checkOneDataset(taught: readonly Labelled[]): void {
  const datasets = Map.groupBy(taught, ({ experiment: { dataset } }) => imageSource(dataset));
  if (datasets.size === 1) return;
  const each = Array.from(datasets.values(), (alike) => {
    const labels = alike.map(({ label }) => label).join(", ");
    return `${dataName(alike[0].experiment)} (${labels})`;
  });
  throw new Failure(
    2,
    `these networks are of ${datasets.size} data sets, ${each.join(" and ")}: ` +
      "name experiments of one",
  );
}

async function readOne(shown: Shown, settings: FigureSettings): Promise<Omit<Taught, "label">> {
  const { seed, epoch } = settings;
  const { experiment, identity: { id } } = shown;
  const { task } = experiment.dataset;
  if (task.id !== classification.id) {
    throw new Failure(2, `${id}: its task is ${task.id}, and this figure is of classifiers`);
  }
  const subject = studentSubject(await readTrainedStudent(experiment, seed, epoch));
  if (experiment.teachers.length !== 1) return { ...shown, subject };
  const [teacher] = await teacherSubjects(experiment, settings);
  return { ...shown, subject, teacher };
}

/** The students, and after them each of their teachers once. */
export async function withTeachers(taught: readonly Taught[]): Promise<ShownNetwork[]> {
  const students = taught.filter(({ teacher }) => teacher);
  const labels = await teacherLabels(students);
  const teachers = new Map(
    students.map(({ teacher }, i) => [
      `${teacher!.file.sha256} ${labels[i]}`,
      { label: `teacher ${labels[i]}`, subject: teacher! },
    ]),
  );
  return [...taught, ...teachers.values()];
}
