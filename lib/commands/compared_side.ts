import type { Experiment } from "../experiment/experiment.ts";
import { type Loaded, projectRoot } from "../project/identify.ts";
import { type Outcome, readOutcome } from "../project/outcome.ts";
import { type EpochLog, readLog } from "../run/epoch_log.ts";
import { isOutdated, resolveRun, STATE_TEXTS } from "../run/resolve.ts";
import { knownSeeds } from "../run/run_ids.ts";
import { unshownNotes } from "../tables/formats/footnotes.ts";
import { shellCommand } from "../values/shell.ts";

/** A run and its log, epoch by epoch. */
export interface LoggedRun {
  readonly seed: number;
  readonly log: readonly EpochLog[];
}

/** One of two experiments that are compared, and what there is of it. */
export interface ComparedSide extends Loaded {
  /** Its name in the comparison. */
  readonly name: "A" | "B";
  /** The seed that is compared. `undefined` for all. */
  readonly seed: number | undefined;
  /** Its trials of that seed, or all. */
  readonly outcome: Outcome;
  /** Its runs of that seed, or all, that have a log. */
  readonly runs: readonly LoggedRun[];
  /** What is missing or left out, a line each. */
  readonly notes: readonly string[];
}

/** The name of a side in lines: its experiment and, if it is of one run, the seed. */
export function sideTitle({ id, seed }: Pick<ComparedSide, "id" | "seed">): string {
  return seed === undefined ? id : `${id} seed ${seed}`;
}

/** Whether there is neither a trial nor a log. */
export function isEmpty({ outcome, runs }: ComparedSide): boolean {
  return outcome.measured.length === 0 && runs.length === 0;
}

/**
 * Reads the trials and logs of an experiment, or those of one seed. Runs that are still training
 * count, runs of another declaration or code do not. Rejects with a `Failure` (exit 3) that names
 * the file if one is damaged.
 */
export async function readSide(
  name: "A" | "B",
  { id, experiment }: Loaded,
  seed: number | undefined,
): Promise<ComparedSide> {
  const root = projectRoot(experiment.url);
  const all = await readOutcome(experiment);
  const measured = all.measured.filter((trial) => seed === undefined || trial.seed === seed);
  const seeds = seed === undefined ? knownSeeds(root, id, measured) : [seed];
  const found = await Promise.all(seeds.map((seed) => readRun(id, experiment, seed)));
  const unread = Map.groupBy(
    found.flatMap((run) => "problem" in run ? [run] : []),
    ({ problem }) => problem,
  );
  const [of, flags] = seed === undefined ? ["", []] : [` of seed ${seed}`, ["--seed", `${seed}`]];
  const notes = measured.length > 0 ? [] : [
    `no recorded trial${of}; \`${shellCommand(["deno", "task", "exp", id, ...flags])}\` trains one`,
  ];
  notes.push(...unshownNotes(all));
  for (const [problem, runs] of unread) {
    notes.push(`no log of seed ${runs.map(({ seed }) => seed).join(", ")} ${problem}`);
  }
  const runs = found.flatMap((run) => "log" in run ? [run] : []);
  return { name, id, experiment, seed, outcome: { ...all, measured }, runs, notes };
}

/** Reads the log of a run, or says why there is none that counts. */
async function readRun(
  id: string,
  experiment: Experiment,
  seed: number,
): Promise<LoggedRun | { readonly seed: number; readonly problem: string }> {
  const { folder, state } = await resolveRun(experiment, seed, { fresh: false });
  if (isOutdated(state)) return { seed, problem: `(${STATE_TEXTS[state]})` };
  const log = await readLog(folder.path);
  return log && log.length > 0 ? { seed, log } : { seed, problem: `in runs/${id}` };
}
