/**
 * The teachers of a run: students of other experiments, and weights that were trained elsewhere.
 *
 * @module
 */
import { basename } from "node:path";
import { EVAL_BATCH, evaluate } from "../evaluation/evaluate.ts";
import type { Experiment, Teacher, Trained } from "../experiment/experiment.ts";
import type { ExternalWeights } from "../experiment/weights.ts";
import type { TeacherRecord } from "../project/result.ts";
import { formatMeasure } from "../tasks/task.ts";
import { Failure } from "../values/failure.ts";
import { roundPercentage } from "../values/numbers.ts";
import { sha256 } from "../values/sha256.ts";
import { importWeights } from "../weights/import_weights.ts";
import { openWeights, resolveWeights } from "../weights/locate_weights.ts";
import type { WeightsFile } from "../weights/weights_file.ts";
import type { Prepared, TeacherWeights } from "./prepare.ts";
import { acceptCode, resolveTrained } from "./resolve.ts";
import type { Settings } from "./settings.ts";
import { type NetworkWeights, previewTrained, studentWeights } from "./trained.ts";

/** A teacher whose weights are read. */
export interface LoadedTeacher extends TeacherWeights {
  /** Its record, without its score. */
  readonly identity: Omit<TeacherRecord, "score">;
  /** The declared top-1, in percent; `null` if none is declared. */
  readonly declared: number | null;
}

/**
 * Reads the teachers of an experiment, in order. Rejects with a `Failure` (exit 3) if weights
 * cannot be read, or if those from elsewhere are missing or not the declared ones.
 */
export async function readTeachers(
  { teachers }: Experiment,
  root: string,
  settings: Settings,
): Promise<LoadedTeacher[]> {
  const loaded: LoadedTeacher[] = [];
  for (const teacher of teachers) {
    loaded.push(
      teacher.kind === "trained"
        ? await readStudent(teacher, settings)
        : await readExternal(teacher, root, settings),
    );
  }
  return loaded;
}

async function readStudent(teacher: Trained, settings: Settings): Promise<LoadedTeacher> {
  const resolved = await resolveTrained(teacher, settings);
  const { identity: { id }, seed, folder, epoch } = resolved;
  const path = folder.weights(epoch);
  const weights = await studentWeights(resolved);
  await acceptCode(resolved);
  return {
    identity: { id, seed, sha256: await sha256(await Deno.readFile(path)) },
    path,
    weights,
    declared: null,
  };
}

async function readExternal(
  external: ExternalWeights,
  root: string,
  { data, status }: Settings,
): Promise<LoadedTeacher> {
  const resolved = await resolveWeights(external, root, data);
  const { network, path, top1: declared } = resolved;
  const file = await openWeights(resolved, status.line);
  const identity = { id: `${network.id}:${basename(path)}`, seed: null, sha256: file.sha256 };
  return { identity, path, weights: externalWeights(external, file), declared };
}

function externalWeights({ network }: ExternalWeights, file: WeightsFile): NetworkWeights {
  return (image, classes) => importWeights(network, image, classes, file);
}

/**
 * The most, in percentage points, by which the primary measure may differ from the declared one:
 * other programs round it, and decode images in other ways.
 */
const TOLERANCE = 0.1;

/**
 * Scores the distinct teachers of a cohort on the test set and prints their primary measure.
 * Returns their records by the files of their weights. Rejects with a `Failure` (exit 3) if a
 * measure of the whole test set is not the declared one.
 */
export async function scoreTeachers(
  loaded: readonly LoadedTeacher[],
  { evaluateTeachers, teachers, task, opened: { test, image } }: Prepared,
  { evalBatch, limit }: Pick<Settings, "evalBatch" | "limit">,
  printLine: (line: string) => void,
): Promise<Map<string, TeacherRecord>> {
  const records = new Map<string, TeacherRecord>();
  if (teachers.size === 0) return records;
  const measure = task.measures[task.primary];
  const scores = await evaluate(evaluateTeachers, { task, split: test, image }, evalBatch, limit);
  const isWhole = limit === undefined || limit * (evalBatch ?? EVAL_BATCH) >= test.size;
  for (const [i, path] of [...teachers.keys()].entries()) {
    const { identity, declared } = loaded.find((teacher) => teacher.path === path)!;
    const { id, seed } = identity;
    const reached = roundPercentage(scores[i][task.primary]);
    const reachedText = `${measure.title} ${formatMeasure(measure, reached)}`;
    printLine(`teacher ${id}${seed === null ? "" : ` seed ${seed}`}, ${reachedText}`);
    if (declared !== null && isWhole && roundPercentage(Math.abs(reached - declared)) > TOLERANCE) {
      throw new Failure(
        3,
        `${path} reaches ${reachedText}, declared ${declared}: ` +
          "is it the wrong file, or was it trained with another mean and std than the data set's, " +
          "or with its classes in another order?",
      );
    }
    records.set(path, { ...identity, score: { [task.primary]: reached } });
  }
  return records;
}

/** A teacher in a dry run. Its weights are `undefined` if they are missing. */
export interface TeacherPreview extends TeacherWeights {
  /** Its origin and its state. */
  readonly text: string;
}

/**
 * Describes a teacher, and reads its weights if they exist. Trains and downloads nothing. Rejects
 * with a `Failure` if a file is damaged.
 */
export async function previewTeacher(
  teacher: Teacher,
  root: string,
  settings: Settings,
): Promise<TeacherPreview> {
  if (teacher.kind === "trained") {
    const { text, resolved, isThere } = await previewTrained(teacher, settings);
    const path = resolved.folder.weights(resolved.epoch);
    return { text, path, weights: isThere ? await studentWeights(resolved) : undefined };
  }
  const resolved = await resolveWeights(teacher, root, settings.data);
  const { source: { url }, path, isThere } = resolved;
  if (isThere) {
    return {
      text: `${path}: ready`,
      path,
      weights: externalWeights(teacher, await openWeights(resolved, settings.status.line)),
    };
  }
  return {
    text: `${path}: missing${url ? `, would be downloaded from ${url}` : ""}`,
    path,
    weights: undefined,
  };
}
