/**
 * What teaches in a run: students of ours, and weights that were trained elsewhere.
 *
 * @module
 */
import { basename } from "node:path";
import { evaluate } from "../evaluation/evaluate.ts";
import type { Experiment, Teacher, Trained } from "../experiment/experiment.ts";
import type { Given } from "../experiment/weights.ts";
import type { TeacherRecord } from "../project/result.ts";
import { formatMeasure, type Task } from "../tasks/task.ts";
import { Failure } from "../values/failure.ts";
import { percentage } from "../values/numbers.ts";
import { sha256 } from "../values/sha256.ts";
import { importWeights } from "../weights/import_weights.ts";
import { openWeights, resolveWeights } from "../weights/locate_weights.ts";
import type { WeightsFile } from "../weights/weights_file.ts";
import type { Prepared } from "./prepare.ts";
import { resolveTrained } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { foreseen, studentWeights, type Weights } from "./trained.ts";

/** A teacher that is ready to teach. */
export interface ReadyTeacher {
  /** What is recorded of it, but for the score that it reaches. */
  readonly identity: Omit<TeacherRecord, "score">;
  /** The file of its weights. */
  readonly path: string;
  /** Its weights. */
  readonly weights: Weights;
  /** The top-1 that it is declared to reach, in percent; null where nothing is said. */
  readonly declared: number | null;
}

/**
 * Reads the teachers of an experiment, in order. Rejects with a `Failure` (exit 3) where weights cannot be read, and where
 * those from elsewhere are missing or not the declared ones.
 */
export async function readTeachers(
  { teachers }: Experiment,
  root: string,
  settings: Settings,
): Promise<ReadyTeacher[]> {
  const teaching: ReadyTeacher[] = [];
  for (const one of teachers) {
    teaching.push(one.kind === "trained" ? await readStudent(one, settings) : await readGiven(one, root, settings));
  }
  return teaching;
}

async function readStudent(teacher: Trained, settings: Settings): Promise<ReadyTeacher> {
  const resolved = await resolveTrained(teacher, settings);
  const { identity: { id }, seed, folder, epoch } = resolved;
  const path = folder.weights(epoch), weights = await studentWeights(resolved);
  return { identity: { id, seed, sha256: await sha256(await Deno.readFile(path)) }, path, weights, declared: null };
}

async function readGiven(given: Given, root: string, { data, status }: Settings): Promise<ReadyTeacher> {
  const resolved = await resolveWeights(given, root, data), { network, path, top1: declared } = resolved;
  const file = await openWeights(resolved, status.line);
  const identity = { id: `${network.id}:${basename(path)}`, seed: null, sha256: file.sha256 };
  return { identity, path, weights: givenWeights(given, file), declared };
}

function givenWeights({ network }: Given, file: WeightsFile): Weights {
  return (image, classes) => importWeights(network, image, classes, file);
}

/** How far, in percentage points, the primary measure may be from the declared one: others round it, and decode images otherwise. */
const TOLERANCE = 0.1;

/**
 * Measures on the test set what teachers reach, and says it. Rejects with a `Failure` (exit 3) where that is not what was
 * declared.
 */
export async function scoreTeachers(
  teachers: readonly ReadyTeacher[],
  task: Task,
  { evaluateTeachers, opened: { test, image } }: Prepared,
  { evalBatch }: Pick<Settings, "evalBatch">,
  say: (line: string) => void,
): Promise<TeacherRecord[]> {
  const records: TeacherRecord[] = [], measure = task.measures[task.primary];
  for (const [i, { identity, path, declared }] of teachers.entries()) {
    const { id, seed } = identity, score = await evaluate(evaluateTeachers[i], { task, split: test, image }, evalBatch);
    const reached = percentage(score[task.primary]), shown = `${measure.title} ${formatMeasure(measure, reached)}`;
    say(`teacher ${id}${seed === null ? "" : ` seed ${seed}`}, ${shown}`);
    if (declared !== null && percentage(Math.abs(reached - declared)) > TOLERANCE) {
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
export interface Preview {
  /** Which one it is and what is there of it. */
  readonly text: string;
  /** Its weights; undefined where they are not there. */
  readonly weights: Weights;
}

/** What is there of a teacher; nothing is trained or downloaded. Rejects with a `Failure` where what is there is damaged. */
export async function preview(teacher: Teacher, root: string, settings: Settings): Promise<Preview> {
  if (teacher.kind === "trained") {
    const { text, resolved, isThere } = await foreseen(teacher, settings);
    return { text, weights: isThere ? await studentWeights(resolved) : undefined };
  }
  const resolved = await resolveWeights(teacher, root, settings.data), { source: { url }, path, isThere } = resolved;
  if (isThere) {
    return {
      text: `${path}: ready`,
      weights: givenWeights(teacher, await openWeights(resolved, settings.status.line)),
    };
  }
  return { text: `${path}: missing${url ? `, would be downloaded from ${url}` : ""}`, weights: undefined };
}
