/**
 * What teaches in a run: students of ours, and weights that were trained elsewhere.
 *
 * @module
 */
import { basename } from "node:path";
import { evaluate } from "../evaluation/evaluate.ts";
import type { Experiment, Teacher, Trained } from "../experiment/experiment.ts";
import type { ExternalWeights } from "../experiment/weights.ts";
import type { TeacherRecord } from "../project/result.ts";
import { formatMeasure, type Task } from "../tasks/task.ts";
import { Failure } from "../values/failure.ts";
import { roundPercentage } from "../values/numbers.ts";
import { sha256 } from "../values/sha256.ts";
import { importWeights } from "../weights/import_weights.ts";
import { openWeights, resolveWeights } from "../weights/locate_weights.ts";
import type { WeightsFile } from "../weights/weights_file.ts";
import type { Prepared } from "./prepare.ts";
import { resolveTrained } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { type NetworkWeights, previewTrained, studentWeights } from "./trained.ts";

/** A teacher that is ready to teach. */
export interface LoadedTeacher {
  /** What is recorded of it, but for the score that it reaches. */
  readonly identity: Omit<TeacherRecord, "score">;
  /** The file of its weights. */
  readonly path: string;
  /** Its weights. */
  readonly weights: NetworkWeights;
  /** The top-1 that it is declared to reach, in percent; null where nothing is said. */
  readonly declared: number | null;
}

/**
 * Reads the teachers of an experiment, in order. Rejects with a `Failure` (exit 3) where weights
 * cannot be read, and where those from elsewhere are missing or not the declared ones.
 */
export async function readTeachers(
  { teachers }: Experiment,
  root: string,
  settings: Settings,
): Promise<LoadedTeacher[]> {
  const teaching: LoadedTeacher[] = [];
  for (const one of teachers) {
    teaching.push(
      one.kind === "trained"
        ? await readStudent(one, settings)
        : await readGiven(one, root, settings),
    );
  }
  return teaching;
}

async function readStudent(teacher: Trained, settings: Settings): Promise<LoadedTeacher> {
  const resolved = await resolveTrained(teacher, settings);
  const { identity: { id }, seed, folder, epoch } = resolved;
  const path = folder.weights(epoch);
  const weights = await studentWeights(resolved);
  return {
    identity: { id, seed, sha256: await sha256(await Deno.readFile(path)) },
    path,
    weights,
    declared: null,
  };
}

async function readGiven(
  given: ExternalWeights,
  root: string,
  { data, status }: Settings,
): Promise<LoadedTeacher> {
  const resolved = await resolveWeights(given, root, data);
  const { network, path, top1: declared } = resolved;
  const file = await openWeights(resolved, status.line);
  const identity = { id: `${network.id}:${basename(path)}`, seed: null, sha256: file.sha256 };
  return { identity, path, weights: givenWeights(given, file), declared };
}

function givenWeights({ network }: ExternalWeights, file: WeightsFile): NetworkWeights {
  return (image, classes) => importWeights(network, image, classes, file);
}

/**
 * How far, in percentage points, the primary measure may be from the declared one: others round it,
 * and decode images otherwise.
 */
const TOLERANCE = 0.1;

/**
 * Measures on the test set what teachers reach, and says it. Rejects with a `Failure` (exit 3)
 * where that is not what was declared.
 */
export async function scoreTeachers(
  teachers: readonly LoadedTeacher[],
  task: Task,
  { evaluateTeachers, opened: { test, image } }: Prepared,
  { evalBatch }: Pick<Settings, "evalBatch">,
  say: (line: string) => void,
): Promise<TeacherRecord[]> {
  const records: TeacherRecord[] = [];
  const measure = task.measures[task.primary];
  for (const [i, { identity, path, declared }] of teachers.entries()) {
    const { id, seed } = identity;
    const score = await evaluate(evaluateTeachers[i], { task, split: test, image }, evalBatch);
    const reached = roundPercentage(score[task.primary]);
    const shown = `${measure.title} ${formatMeasure(measure, reached)}`;
    say(`teacher ${id}${seed === null ? "" : ` seed ${seed}`}, ${shown}`);
    if (declared !== null && roundPercentage(Math.abs(reached - declared)) > TOLERANCE) {
      throw new Failure(
        3,
        `${path} reaches ${shown}, declared ${declared}: is it the wrong file, are the data set's mean ` +
          "and std others than it was trained with, or its classes in another order?",
      );
    }
    records.push({ ...identity, score: { [task.primary]: reached } });
  }
  return records;
}

/** A teacher as it stands, for a plan. */
export interface TeacherPreview {
  /** Which one it is and what is there of it. */
  readonly text: string;
  /** Its weights; undefined where they are not there. */
  readonly weights: NetworkWeights;
}

/**
 * What is there of a teacher; nothing is trained or downloaded. Rejects with a `Failure` where what
 * is there is damaged.
 */
export async function previewTeacher(
  teacher: Teacher,
  root: string,
  settings: Settings,
): Promise<TeacherPreview> {
  if (teacher.kind === "trained") {
    const { text, resolved, isThere } = await previewTrained(teacher, settings);
    return { text, weights: isThere ? await studentWeights(resolved) : undefined };
  }
  const resolved = await resolveWeights(teacher, root, settings.data);
  const { source: { url }, path, isThere } = resolved;
  if (isThere) {
    return {
      text: `${path}: ready`,
      weights: givenWeights(teacher, await openWeights(resolved, settings.status.line)),
    };
  }
  return {
    text: `${path}: missing${url ? `, would be downloaded from ${url}` : ""}`,
    weights: undefined,
  };
}
