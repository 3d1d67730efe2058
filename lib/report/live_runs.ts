import type { Task } from "../tasks/task.ts";
import { LogTail } from "./log_tail.ts";
import type { ReportedRun } from "./report.ts";
import { runCells } from "./runs_section.ts";
import { tagTitle } from "./titles.ts";

/** What happened to a run while its page is open. */
export type LiveEvent =
  | {
    readonly kind: "epoch";
    /** The run's place on the page. */
    readonly run: number;
    readonly entry: ReportedRun["log"][number];
    /** The titles of the entry's tags. */
    readonly titles: readonly (readonly [tag: string, title: string])[];
    /** The run's row, by the names of its cells. */
    readonly cells: ReturnType<typeof runCells>;
  }
  | { readonly kind: "restart"; readonly run: number };

/** Takes an event with its number. */
export type Listener = (id: number, event: LiveEvent) => void;

/** Runs whose logs are followed. Events are numbered from 1. */
export class LiveRuns {
  readonly #runs: ReportedRun[];
  readonly #tails: readonly LogTail[];
  readonly #events: LiveEvent[] = [];
  readonly #listeners = new Set<Listener>();

  /** Follows these runs from what their logs have when they are first looked at. */
  constructor(runs: readonly ReportedRun[]) {
    this.#runs = runs.map((run) => ({ ...run, log: [] }));
    this.#tails = runs.map(({ folder }) => new LogTail(folder));
    for (const [i, tail] of this.#tails.entries()) this.#append(i, tail.read().entries);
  }

  /** The runs as they are now. */
  get runs(): readonly ReportedRun[] {
    return this.#runs;
  }

  /** The number of the last event. */
  get last(): number {
    return this.#events.length;
  }

  /** Reads what came to the logs, and tells the listeners. Throws a `Failure` as `LogTail` does. */
  look(): void {
    for (const [run, tail] of this.#tails.entries()) {
      const { isAnew, entries } = tail.read();
      if (isAnew) {
        this.#runs[run] = { ...this.#runs[run], log: [], trial: undefined };
        this.#tell({ kind: "restart", run });
      }
      for (const entry of entries) {
        this.#append(run, [entry]);
        const { experiment: { dataset: { task } } } = this.#runs[run];
        const cells = runCells(this.#runs[run]);
        this.#tell({ kind: "epoch", run, entry, titles: titlesOf(entry, task), cells });
      }
    }
  }

  /** Gives a listener all events after one, and those to come until the result is called. */
  listen(after: number, listener: Listener): () => void {
    this.#events.slice(after).forEach((event, i) => listener(after + i + 1, event));
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #append(i: number, entries: ReportedRun["log"]): void {
    const run = this.#runs[i];
    const log = [...run.log, ...entries];
    const state = log.length === 0
      ? run.state
      : log.length < run.epochs
      ? `epoch ${log.length} of ${run.epochs}`
      : "done";
    this.#runs[i] = { ...run, log, state };
  }

  #tell(event: LiveEvent): void {
    this.#events.push(event);
    for (const listener of this.#listeners) listener(this.last, event);
  }
}

function titlesOf(entry: ReportedRun["log"][number], task: Task): [string, string][] {
  return Object.keys(entry).filter((tag) => tag !== "epoch").map((tag) => [
    tag,
    tagTitle(tag, task),
  ]);
}
