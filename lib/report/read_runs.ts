import { join } from "node:path";
import type { SubjectOptions } from "../evaluation/open_subject.ts";
import { type Experiment, networkOf, type Teacher } from "../experiment/experiment.ts";
import { readCardFacts } from "../export/card_facts.ts";
import { modelCard } from "../export/model_card.ts";
import { safetensors } from "../export/safetensors.ts";
import { identify, type Identity, projectRoot } from "../project/identify.ts";
import { labelsOf } from "../project/labels.ts";
import { readOutcome } from "../project/outcome.ts";
import type { TeacherRecord, Trial } from "../project/result.ts";
import { readLog } from "../run/epoch_log.ts";
import { isOutdated, type Resolved, resolveRun, STATE_TEXTS } from "../run/resolve.ts";
import { knownSeeds } from "../run/run_ids.ts";
import { studentSubject } from "../run/subjects.ts";
import { readTrainedStudent } from "../run/trained.ts";
import { classification } from "../tasks/classification.ts";
import { Failure } from "../values/failure.ts";
import { findMistakes } from "./find_mistakes.ts";
import type { Ancestor, ReportedRun } from "./report.ts";

/** What is read of runs. */
export interface RunReading extends SubjectOptions {
  /** The seed of the runs. Default: every seed that was trained. */
  readonly seed?: number;
  /** Whether weights are examined on test images. */
  readonly examine: boolean;
  /** Whether to list runs that have not begun, and seed 1 if there is no other. Default: no. */
  readonly awaited?: boolean;
}

/** The most runs whose weights are examined: more take long, and would leave no room for curves. */
const EXAMINED = 12;

/**
 * Reads the runs of experiments with every seed, from their folders and from the results beside
 * their modules. An experiment with neither is left out, unless it is awaited. Rejects with a
 * `Failure` that names the file if one is damaged.
 */
export async function readRuns(
  experiments: readonly Experiment[],
  reading: RunReading,
): Promise<ReportedRun[]> {
  const identities = await Promise.all(experiments.map(identify));
  const labels = labelsOf(identities);
  const runs: ReportedRun[] = [];
  const isFull = () => runs.filter(({ card }) => card !== undefined).length >= EXAMINED;
  for (const [i, experiment] of experiments.entries()) {
    const { measured } = await readOutcome(experiment);
    const found = await findRuns(experiment, identities[i], measured, reading);
    for (const run of found) {
      const label = found.length > 1 ? `${labels[i]} seed ${run.seed}` : labels[i];
      const recorded = measured.find(({ seed }) => seed === run.seed);
      const examine = reading.examine && !isFull();
      runs.push(await readRun(run, label, recorded, { ...reading, examine }));
    }
  }
  if (reading.examine && isFull()) {
    reading.status.line(`mistakes and model cards are those of the first ${EXAMINED} runs`);
  }
  return runs;
}

/** The runs of an experiment that have begun or have a result, by ascending seed. */
async function findRuns(
  experiment: Experiment,
  { id }: Identity,
  measured: readonly Trial[],
  { seed: only, awaited = false }: RunReading,
): Promise<Resolved[]> {
  const resolve = (seed: number) => resolveRun(experiment, seed, { fresh: false });
  const recorded = new Set(measured.map(({ seed }) => seed));
  const found: Resolved[] = [];
  for (const seed of knownSeeds(projectRoot(experiment.url), id, measured)) {
    if (only !== undefined && seed !== only) continue;
    const run = await resolve(seed);
    if (awaited || recorded.has(seed) || run.state !== "missing") found.push(run);
  }
  return found.length === 0 && awaited ? [await resolve(only ?? 1)] : found;
}

async function readRun(
  resolved: Resolved,
  label: string,
  recorded: Trial | undefined,
  reading: RunReading,
): Promise<ReportedRun> {
  const { experiment, seed, folder, identity: { id } } = resolved;
  // A log of another declaration or of other code is not this run's.
  const outdated = isOutdated(resolved.state);
  const log = outdated ? [] : await readLog(folder.path) ?? [];
  // A run under way does not have the result of an earlier one.
  const trial = resolved.state === "done"
    ? await folder.requireTrial()
    : resolved.state === "begun"
    ? undefined
    : recorded;
  return {
    ...{ experiment, id, label, seed, log, isOutdated: outdated, trial },
    folder: folder.path,
    state: describeState(resolved, log.length, recorded !== undefined),
    teachers: await Promise.all(
      experiment.teachers.map((teacher, i) => readAncestor(teacher, trial?.teachers[i])),
    ),
    ...resolved.state === "done" && reading.examine && await examineRun(resolved, reading),
  };
}

function describeState(
  { state, experiment: { schedule: { epochs } } }: Resolved,
  logged: number,
  isRecorded: boolean,
): string {
  if (state === "done") return "done";
  if (state === "begun") return `epoch ${logged} of ${epochs}`;
  return isRecorded ? "recorded" : STATE_TEXTS[state];
}

/** A teacher and, for one that was trained here, what taught it. */
async function readAncestor(
  teacher: Teacher,
  record: TeacherRecord | undefined,
): Promise<Ancestor> {
  const network = networkOf(teacher).id;
  const used = record && { sha256: record.sha256, score: record.score };
  if (teacher.kind !== "trained") {
    return { id: record?.id ?? network, seed: null, network, used, teachers: [] };
  }
  const { experiment, seed } = teacher;
  const { id } = await identify(experiment);
  const { measured } = await readOutcome(experiment);
  const trial = measured.find((one) => one.seed === seed);
  const teachers = experiment.teachers.map((own, i) => readAncestor(own, trial?.teachers[i]));
  return { id, seed, network, used, teachers: await Promise.all(teachers) };
}

/** What the weights of a run show: its mistakes and its model card. Says what is in the way. */
async function examineRun(
  { experiment, root, seed, identity: { id } }: Resolved,
  options: SubjectOptions,
): Promise<Pick<ReportedRun, "mistakes" | "card" | "problems">> {
  const problems = new Set<string>();
  const attempt = async <T>(make: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problems.add(error.message);
    }
  };
  const student = await attempt(() => readTrainedStudent(experiment, seed, "last"));
  const { data, status } = options;
  const { task } = experiment.dataset;
  const mistakes = student && task.id === classification.id
    ? await attempt(() => findMistakes(studentSubject(student), options))
    : undefined;
  const card = student &&
    await attempt(async () =>
      modelCard(await readCardFacts(student, "last", safetensors, data, status.line))
    );
  for (const problem of problems) status.line(`${id} seed ${seed}: ${problem}`);
  // A page may be read elsewhere, where the path of the project says nothing.
  const own = Array.from(problems, (problem) => problem.replaceAll(join(root, "/"), ""));
  return { mistakes, card, problems: own };
}
