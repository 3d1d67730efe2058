import type { EpochLog } from "../run/epoch_log.ts";
import { LogTail } from "./log_tail.ts";
import type { ReportedRun } from "./report.ts";
import { runCells } from "./runs_section.ts";
import { shownNumber, shownTag } from "./shown_tag.ts";

/** What happened while a page is open. `run` is a run's place on the page. */
export type LiveEvent =
  /** Other runs are there, so that the page is to be loaded again. */
  | { readonly kind: "reload" }
  | { readonly kind: "restart"; readonly run: number }
  | {
    readonly kind: "epoch";
    readonly run: number;
    /** Its numbers as they are shown. */
    readonly entry: EpochLog;
    /** The titles of the entry's tags. */
    readonly titles: readonly (readonly [tag: string, title: string])[];
  }
  | {
    readonly kind: "row";
    readonly run: number;
    /** The run's row, by the names of its cells. */
    readonly cells: ReturnType<typeof runCells>;
  };

/** Takes an event with its id. */
export type Listener = (id: string, event: LiveEvent) => void;

/** Runs at a moment, and the id of the last event before it. */
export interface Snapshot {
  readonly runs: readonly ReportedRun[];
  readonly last: string;
}

/** A run that is followed. */
interface Followed {
  readonly tail: LogTail;
  readonly run: ReportedRun;
  readonly log: EpochLog[];
  /** The log's epochs of another declaration or code. They count once a run goes on from them. */
  readonly outdated: EpochLog[];
  /** Whether epochs came since it was read, so that its result is that of an earlier run. */
  isTraining: boolean;
}

/** Runs whose logs are followed. */
export class LiveRuns {
  #followed: readonly Followed[];
  #events: LiveEvent[] = [];
  readonly #listeners = new Set<Listener>();
  /** Begins the ids, so that those of other runs or of another process are unknown. */
  #name = crypto.randomUUID();

  /** Follows these runs from what their logs have now. Throws a `Failure` as `LogTail` does. */
  constructor(runs: readonly ReportedRun[]) {
    this.#followed = runs.map(follow);
  }

  /**
   * Follows these runs instead, and tells the listeners to load their page again, unless they are
   * the same. Throws a `Failure` as `LogTail` does.
   */
  replace(runs: readonly ReportedRun[]): void {
    const before = this.#followed.map(({ run }) => run.folder);
    if (runs.length === before.length && runs.every(({ folder }, i) => folder === before[i])) {
      return;
    }
    this.#followed = runs.map(follow);
    this.#tell({ kind: "reload" });
    this.#name = crypto.randomUUID();
    this.#events = [];
  }

  /** The runs as they are now. */
  snapshot(): Snapshot {
    const runs = this.#followed.map((one) => ({ ...currentRun(one), log: [...one.log] }));
    return { runs, last: this.#id(this.#events.length) };
  }

  /** Reads what came to the logs, and tells the listeners. Throws a `Failure` as `LogTail` does. */
  look(): void {
    for (const [run, followed] of this.#followed.entries()) {
      const { isAnew, entries } = followed.tail.read();
      if (isAnew) {
        followed.log.length = 0;
        followed.outdated.length = 0;
        this.#tell({ kind: "restart", run });
      }
      if (!isAnew && entries.length === 0) continue;
      followed.isTraining = true;
      const added = entries.length > 0 ? [...followed.outdated.splice(0), ...entries] : [];
      for (const entry of added) {
        followed.log.push(entry);
        this.#tell({ kind: "epoch", run, ...shownEpoch(entry, followed) });
      }
      this.#tell({ kind: "row", run, cells: runCells(currentRun(followed)) });
    }
  }

  /** Whether an event with this id was here, or is the one before all others. */
  knows(id: string): boolean {
    const number = this.#numberOf(id);
    const isCounted = Number.isInteger(number) && number >= 0 && number <= this.#events.length;
    return isCounted && id === this.#id(number);
  }

  /** Gives a listener all events after one, and those to come until the result is called. */
  listen(after: string, listener: Listener): () => void {
    const number = this.#numberOf(after);
    this.#events.slice(number).forEach((event, i) => listener(this.#id(number + i + 1), event));
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(event: LiveEvent): void {
    this.#events.push(event);
    for (const listener of this.#listeners) listener(this.#id(this.#events.length), event);
  }

  #id(number: number): string {
    return `${this.#name}-${number}`;
  }

  #numberOf(id: string): number {
    return Number(id.slice(this.#name.length + 1));
  }
}

function follow(run: ReportedRun): Followed {
  const tail = new LogTail(run.folder);
  const [log, outdated]: [EpochLog[], EpochLog[]] = [[], []];
  (run.isOutdated ? outdated : log).push(...tail.read().entries);
  // Epochs may have ended between the two readings of the log.
  return { tail, run, log, outdated, isTraining: log.length !== run.log.length };
}

/** A run with what its log has now. */
function currentRun({ run, log, isTraining }: Followed): ReportedRun {
  if (!isTraining) return run;
  const { epochs } = run.experiment.schedule;
  const state = log.length < epochs
    ? `epoch ${log.length} of ${epochs}`
    : log.length === epochs
    ? "done"
    : "declared anew: start this server again";
  return { ...run, log, state, trial: undefined };
}

/** An epoch as its page shows it, and the titles of its tags. */
function shownEpoch(
  { epoch, ...numbers }: EpochLog,
  { run: { experiment: { dataset: { task } } } }: Followed,
): Pick<Extract<LiveEvent, { readonly kind: "epoch" }>, "entry" | "titles"> {
  const shown = Object.entries(numbers).map(([tag, value]) => ({
    tag,
    value,
    as: shownTag(tag, task),
  }));
  return {
    entry: {
      epoch,
      ...Object.fromEntries(shown.map(({ tag, value, as }) => [tag, shownNumber(as, value)])),
    },
    titles: shown.map(({ tag, as }) => [tag, as.title]),
  };
}
