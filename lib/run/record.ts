import { declaration } from "../experiment/declaration.ts";
import type { Model } from "../nn/network.ts";
import type { LastAndBest, Metric } from "../project/metric.ts";
import type { TeacherRecord, Trial } from "../project/result.ts";
import { versions } from "../project/versions.ts";
import type { Score, Task } from "../tasks/task.ts";
import type { Json } from "../values/json.ts";
import { roundPercentage } from "../values/numbers.ts";
import type { StageRecord } from "./first_stages.ts";
import type { Assembly } from "../training/assemble.ts";
import { ownFunctions } from "../project/own_code.ts";
import type { QueuedTrial } from "./queue.ts";
import type { Prepared } from "./prepare.ts";
import type { Resolved } from "./resolve.ts";
import type { RunOrigin, RunProgress } from "./run_folder.ts";
import type { Settings } from "./settings.ts";

/** What a trial builds on, for its record. */
export interface Foundations {
  readonly teachers: readonly TeacherRecord[];
  readonly stages: readonly StageRecord[];
}

/** The weights that a trial builds on, in order, as far as they are there. */
export type FoundationWeights = readonly ({ readonly sha256?: string })[];

/** The SHA-256 of each of these weights, in order. `null` for one that is not there. */
export const sumsOf = (weights: FoundationWeights): (string | null)[] =>
  weights.map(({ sha256 }) => sha256 ?? null);

/** What a run is made from, beside its declaration. */
export async function originOf(
  { identity, root, settings: { deterministic = false } }: Pick<
    QueuedTrial,
    "identity" | "root" | "settings"
  >,
  { tensorflow }: Prepared,
  weights: FoundationWeights,
): Promise<RunOrigin> {
  return {
    functions: await ownFunctions(identity, root),
    weights: sumsOf(weights),
    deterministic,
    retort: versions(tensorflow).retort,
    tensorflow,
  };
}

/**
 * Makes the contents of `declaration.json`, which is written before training: the declaration, the
 * resolved models and stages, and the software that computes the run.
 */
export function manifest(
  { experiment, identity, declaration: hash, seed, quick }: Resolved,
  { student, teachers }: Assembly,
  { tensorflow, heldOut }: Prepared,
  stages: readonly StageRecord[],
  { threads, deterministic }: Settings,
  { precision, backend }: RunProgress,
  commit: string | null,
): Json {
  const size = ({ recipe: { id }, parameters, multiplyAdds }: Model) => ({
    id,
    parameters,
    multiplyAdds,
  });
  return {
    experiment: identity.id,
    declaration: declaration(experiment),
    hash,
    seed,
    quick: quick ?? null,
    student: size(student),
    teachers: teachers.map(size),
    stages: stages.map((stage) => ({ ...stage })),
    holdout: heldOut ? [...heldOut.indices] : null,
    precision,
    backend,
    threads: threads ?? null,
    deterministic: deterministic ?? false,
    versions: { ...versions(tensorflow) },
    commit,
  };
}

/**
 * Makes the trial of a finished run. `compared` is the score of the student beside its only
 * teacher, `data` the digest of the data set.
 */
export function finalTrial(
  { experiment, declaration, seed, quick }: Resolved,
  { heldOut, tensorflow }: Prepared,
  progress: RunProgress,
  teachers: readonly TeacherRecord[],
  { commit, code }: Pick<Trial, "commit" | "code">,
  compared: Score | undefined,
  data: string,
): Trial {
  const { task } = experiment.dataset;
  const { epoch: epochs, best, precision, backend, seconds, stepSeconds } = progress;
  const { workers, syncNorm } = progress;
  return {
    seed,
    declaration,
    epochs,
    metric: gatherMetric(task, progress, compared ?? {}),
    bestEpoch: best!.epoch,
    teachers,
    precision,
    backend,
    tensorflow,
    holdout: heldOut?.split.size ?? null,
    data,
    seconds: Math.round(seconds * 10) / 10,
    ...(stepSeconds === undefined ? {} : { stepSeconds: Number(stepSeconds.toPrecision(4)) }),
    ...(workers === undefined ? {} : { workers }),
    ...(syncNorm ? { syncNorm } : {}),
    commit,
    code,
    quick: quick !== undefined,
  };
}

/**
 * Gathers the measures after the last epoch and at the best one, and those that only the evaluation
 * beside the teacher gives.
 */
function gatherMetric(
  { measures, primary }: Task,
  { best, last, held, average }: RunProgress,
  compared: Score,
): Metric {
  const round = (measure: string, value: number) =>
    measures[measure].isPercentage ? roundPercentage(value) : value;
  const both = (measure: string, last: number, best: number): LastAndBest => ({
    last: round(measure, last),
    best: round(measure, best),
  });
  const tested = Object.entries(last!).map(([measure, value]) =>
    [measure, both(measure, value, best!.score[measure])] as const
  );
  const onlyCompared = Object.entries(compared).filter(([measure]) => !(measure in last!))
    .map(([measure, value]) => [measure, round(measure, value)] as const);
  return {
    ...Object.fromEntries<LastAndBest | number>([...tested, ...onlyCompared]),
    ...held && { heldOut: both(primary, held[primary], best!.chosen) },
    ...average && { average: both(primary, average[primary], best!.average![primary]) },
  };
}
