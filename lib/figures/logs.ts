import { type EpochLog, readLog } from "../run/epoch_log.ts";
import {
  isOutdated,
  type Resolved,
  resolveRun,
  STATE_TEXTS,
  titleOf,
  trainCommand,
} from "../run/resolve.ts";
import { Failure } from "../values/failure.ts";
import type { FigureSettings, Shown } from "./figure.ts";
import { type Labelled, labelled } from "./labelled.ts";
import { pickPresent } from "./pick_present.ts";

/** A run and its log, epoch by epoch. */
export interface Logged extends Labelled {
  readonly run: Resolved;
  readonly log: readonly EpochLog[];
}

/**
 * Reads the logs of runs with a seed, also of those that are still training. Leaves out those that
 * are missing, or of another declaration or code, and says so. Rejects with a `Failure` (exit 3)
 * that says how to get one if there is none.
 */
export async function readLogs(
  shown: readonly Shown[],
  { seed, status }: Pick<FigureSettings, "seed" | "status">,
): Promise<Logged[]> {
  const found = await Promise.all(shown.map(async (one) => {
    const run = await resolveRun(one.experiment, seed, { fresh: false });
    const { folder, state } = run;
    const title = titleOf(run);
    if (isOutdated(state)) {
      const way = `\`${trainCommand(run, "--fresh")}\` trains it again`;
      return new Failure(3, `${title} is ${STATE_TEXTS[state]}; ${way}`);
    }
    const log = await readLog(folder.path);
    if (log && log.length > 0) return { ...one, run, log };
    const way = `\`${trainCommand(run)}\` trains it`;
    return new Failure(3, `${title} has no log in ${folder.path}; ${way}`);
  }));
  return labelled(pickPresent(found, status.line));
}

/** A value of an epoch. */
export interface Point {
  readonly epoch: number;
  readonly value: number;
  /** The line that it is on. */
  readonly line: string;
  /** The panel that the line is in. */
  readonly panel: string;
}

/** The points of a tag in a log. Leaves out epochs without it. */
export function tagPoints(
  { log }: Logged,
  tag: string,
  place: Pick<Point, "line" | "panel">,
  scale = 1,
): Point[] {
  return log.flatMap(({ epoch, [tag]: value }) =>
    value === undefined ? [] : [{ ...place, epoch, value: scale * value }]
  );
}

/** The names after a prefix among the tags of a log: `kd` of `train/loss/kd`. */
export function namesBehind(prefix: string, { log }: Logged): string[] {
  const tags = new Set(log.flatMap((entry) => Object.keys(entry)));
  return [...tags].filter((tag) => tag.startsWith(prefix)).map((tag) => tag.slice(prefix.length));
}

/**
 * The points of several tags of each run's log, from `pick`, and the runs that have any. Leaves out
 * the others, and says that they lack `what`, which `flags` of the command log. Throws a `Failure`
 * (exit 3) if no run has any.
 */
export function requirePoints(
  logged: readonly Logged[],
  pick: (one: Logged) => Point[],
  what: string,
  { status }: Pick<FigureSettings, "status">,
  flags: readonly string[] = [],
): { readonly runs: Logged[]; readonly points: Point[] } {
  const found = logged.map((one) => {
    if (pick(one).length > 0) return one;
    const way = `\`${trainCommand(one.run, ...flags, "--fresh")}\` logs it`;
    return new Failure(3, `the log of ${titleOf(one.run)} lacks ${what}; ${way}`);
  });
  const present = labelled(pickPresent(found, status.line));
  return { runs: present, points: present.flatMap(pick) };
}
