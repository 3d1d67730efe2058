/**
 * The teachers of a run: students of other experiments, and weights that were trained elsewhere.
 *
 * @module
 */
import { basename } from "node:path";
import type { Split } from "../data/dataset.ts";
import { evaluate, evaluationBatch } from "../evaluation/evaluate.ts";
import type { Experiment, Teacher, Trained } from "../experiment/experiment.ts";
import { chosenPart, type ExternalWeights } from "../experiment/weights.ts";
import { primaryOf } from "../project/metric.ts";
import { type TeacherRecord, teacherTitle } from "../project/result.ts";
import { formatMeasure, type Measure } from "../tasks/task.ts";
import { Failure } from "../values/failure.ts";
import { roundPercentage } from "../values/numbers.ts";
import { sha256 } from "../values/sha256.ts";
import { importWeights } from "../weights/import_weights.ts";
import { openWeights, resolveWeights } from "../weights/locate_weights.ts";
import type { WeightsFile } from "../weights/weights_file.ts";
import { clearLeases } from "./claim.ts";
import { imageSource } from "./declared_data.ts";
import { readLoggedScore } from "./epoch_log.ts";
import type { Prepared, TeacherWeights } from "./prepare.ts";
import { acceptCode, type ResolvedTrained, resolveTrained } from "./resolve.ts";
import type { FoundationSettings, Settings } from "./settings.ts";
import { BEFORE_TRAINING, interruptible } from "./stop.ts";
import { type NetworkWeights, previewTrained, requireDone, studentWeights } from "./trained.ts";

/** A teacher whose weights are read. */
export interface LoadedTeacher extends TeacherWeights {
  /** Its record, without its score. */
  readonly identity: Omit<TeacherRecord, "score">;
  /** The declared top-1, in percent; `null` if none is declared. */
  readonly declared: number | null;
  /**
   * The primary measure on the test set that its own run recorded. `undefined` for weights from
   * elsewhere, and if it was measured on other images.
   */
  readonly recorded?: number;
}

/**
 * Reads the teachers of an experiment, in order. Rejects with a `Failure` (exit 3) if weights
 * cannot be read, or if those from elsewhere are missing or not the declared ones.
 */
export async function readTeachers(
  { teachers, dataset }: Experiment,
  root: string,
  settings: FoundationSettings,
): Promise<LoadedTeacher[]> {
  const loaded: LoadedTeacher[] = [];
  for (const teacher of teachers) {
    loaded.push(
      teacher.kind === "trained"
        ? await readStudent(teacher, dataset, settings)
        : await readExternal(teacher, root, settings),
    );
  }
  return loaded;
}

async function readStudent(
  teacher: Trained,
  dataset: Experiment["dataset"],
  settings: FoundationSettings,
): Promise<LoadedTeacher> {
  const resolved = await resolveTrained(teacher, settings);
  // Another process may have begun it anew since the queue was made.
  await requireDone(resolved);
  const { identity: { id }, seed, weights: path } = resolved;
  const weights = await studentWeights(resolved);
  clearLeases(resolved);
  await acceptCode(resolved);
  return {
    identity: { id, seed, sha256: await sha256(await Deno.readFile(path)) },
    path,
    weights,
    declared: null,
    recorded: imageSource(teacher.experiment.dataset) === imageSource(dataset)
      ? await readRecorded(resolved, teacher)
      : undefined,
  };
}

/** The primary measure that a run which is done recorded for the epoch whose weights are taken. */
async function readRecorded(
  { experiment: { dataset: { task } }, folder, epoch }: ResolvedTrained,
  { average }: Trained,
): Promise<number | undefined> {
  if (typeof epoch === "number") {
    return await readLoggedScore(folder.path, epoch, task.primary, average && "average");
  }
  const { metric } = await folder.requireTrial();
  return (average ? metric.average : primaryOf(metric, task))?.[epoch];
}

async function readExternal(
  external: ExternalWeights,
  root: string,
  { data, status }: Settings,
): Promise<LoadedTeacher> {
  const resolved = await resolveWeights(external, root, data);
  const { network, path, top1: declared } = resolved;
  const file = await openWeights(resolved, status.line);
  const part = chosenPart(external);
  const id = `${network.id}:${basename(path)}${part}`;
  const identity = { id, seed: null, sha256: file.sha256 };
  return {
    identity,
    path: `${path}${part}`,
    weights: externalWeights(external, file, status.line),
    declared,
  };
}

function externalWeights(
  { network }: ExternalWeights,
  file: WeightsFile,
  log: (line: string) => void,
): NetworkWeights {
  return (image, classes) => importWeights(network, image, classes, file, log);
}

/**
 * The most, in percentage points, by which the primary measure may differ from the declared one:
 * other programs round it, and decode images in other ways.
 */
const TOLERANCE = 0.1;

/**
 * Scores the distinct teachers of a cohort on the test set and prints their primary measure.
 * Returns their records by the files of their weights. Rejects with a `Failure` (exit 3) if a
 * measure of the whole test set is not the declared one, or not the one that the teacher's own run
 * recorded; exit 130 if the user stops it.
 */
export async function scoreTeachers(
  loaded: readonly LoadedTeacher[],
  { evaluateTeachers, teachers, task, opened: { test, image } }: Prepared,
  settings: Pick<Settings, "evalBatch" | "limit" | "interrupted" | "workers">,
  printLine: (line: string) => void,
): Promise<Map<string, TeacherRecord>> {
  const records = new Map<string, TeacherRecord>();
  if (teachers.size === 0) return records;
  const measure = task.measures[task.primary];
  const between = interruptible(settings, BEFORE_TRAINING);
  const source = { task, split: test, image };
  const { limit = Infinity } = settings;
  const evalBatch = evaluationBatch(task, settings.evalBatch);
  const scores = await evaluate(evaluateTeachers, source, evalBatch, limit, between);
  const isWhole = limit * evalBatch >= test.size;
  for (const [i, path] of [...teachers.keys()].entries()) {
    const { identity, declared, recorded } = loaded.find((teacher) => teacher.path === path)!;
    const reached = roundPercentage(scores[i][task.primary]);
    const reachedText = `${measure.title} ${formatMeasure(measure, reached)}`;
    printLine(`teacher ${teacherTitle(identity)}, ${reachedText}`);
    if (declared !== null && isWhole && roundPercentage(Math.abs(reached - declared)) > TOLERANCE) {
      throw new Failure(
        3,
        `${path} reaches ${reachedText}, declared ${declared}: ` +
          "is it the wrong file, or was it trained with another mean and std than the data set's, " +
          "or with its classes in another order?",
      );
    }
    const noise = recorded !== undefined ? noiseOf(measure, recorded, test) : Infinity;
    if (recorded !== undefined && isWhole && Math.abs(reached - recorded) > noise) {
      throw new Failure(
        3,
        `${path} reaches ${reachedText}, and its own run recorded ` +
          `${
            formatMeasure(measure, recorded)
          }: its weights or the test images have changed since; ` +
          "train it again with --fresh",
      );
    }
    records.set(path, { ...identity, score: { [task.primary]: reached } });
  }
  return records;
}

/**
 * The most by which a teacher's primary measure may differ from what its own run recorded, perhaps
 * in another precision: of a percentage one point and three images, of another measure 2 %.
 */
function noiseOf({ isPercentage }: Measure, recorded: number, { size }: Split): number {
  return isPercentage ? 1 + 300 / size : 0.02 * Math.abs(recorded);
}

/** A teacher in a dry run. Its weights are `undefined` if they are missing. */
export interface TeacherPreview extends TeacherWeights {
  /** The SHA-256 of its file, if that is there. */
  readonly sha256?: string;
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
  settings: FoundationSettings,
): Promise<TeacherPreview> {
  if (teacher.kind === "trained") {
    const { text, resolved, isThere } = await previewTrained(teacher, settings);
    const path = resolved.weights;
    if (!isThere) return { text, path, weights: undefined };
    const digest = await sha256(await Deno.readFile(path));
    return { text, path, weights: await studentWeights(resolved), sha256: digest };
  }
  const resolved = await resolveWeights(teacher, root, settings.data);
  const { source: { url }, path, isThere } = resolved;
  if (isThere) {
    const file = await openWeights(resolved, settings.status.line);
    return {
      text: `${path}: ready`,
      path: `${path}${chosenPart(teacher)}`,
      weights: externalWeights(teacher, file, settings.status.line),
      sha256: file.sha256,
    };
  }
  return {
    text: `${path}: missing${url ? `, would be downloaded from ${url}` : ""}`,
    path: `${path}${chosenPart(teacher)}`,
    weights: undefined,
  };
}
