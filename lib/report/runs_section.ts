import { networkOf } from "../experiment/experiment.ts";
import { valueAt } from "../project/metric.ts";
import type { EpochLog } from "../run/epoch_log.ts";
import { formatMeasure } from "../tasks/task.ts";
import { type Html, html } from "../values/html.ts";
import { NONE } from "../values/markdown.ts";
import { summary } from "../values/statistics.ts";
import type { ReportedRun } from "./report.ts";

/** The runs whose curves are shown at first. */
const SHOWN = 8;

/** A row for each run: its networks, how far it is, its score, and how fast it trains. */
export function runsSection(runs: readonly ReportedRun[]): Html {
  const titles = new Set(
    runs.map(({ experiment: { dataset: { task: { measures, primary } } } }) =>
      measures[primary].title
    ),
  );
  const score = titles.size === 1 ? [...titles][0] : "score";
  const header = ["state", `${score}, last`, `${score}, best`, "epochs"];
  const speed = ["s an epoch, mean", "images/s, at best", "waiting for data"];
  const logged = runs.filter(({ log }) => log.length > 0);
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="A row for each run">
      <table>
        <thead>
          <tr><th scope="col">run</th><th scope="col">curve</th><th scope="col">networks</th>${[
            ...header,
            ...speed,
          ].map((title) => html`<th scope="col" class="number">${title}</th>`)}</tr>
        </thead>
        <tbody>${runs.map((run, i) =>
          html`
            <tr
              data-run="${i}"><th scope="row" title="${run.id} seed ${run.seed}">${run
                .label}</th><td>${run.log.length > 0
                ? html`
                  <input type="checkbox" aria-label="Show the curve of ${run
                    .label}" data-curve="${i}"
                    ${logged.indexOf(run) < SHOWN
                      ? html`
                        checked
                      `
                      : undefined}>
                `
                : undefined}</td><td>${networks(run)}</td>${Object.entries(runCells(run)).map((
                  [name, text],
                ) => html`<td class="number" data-cell="${name}">${text}</td>`)}</tr>
          `
        )}
        </tbody>
      </table>
    </div>
    ${problems(runs)}
  `;
}

/** What could not be read of runs: a line for each problem. */
function problems(runs: readonly ReportedRun[]): Html | undefined {
  const all = runs.flatMap(({ label, problems = [] }) =>
    problems.map((problem) => ({ label, problem }))
  );
  if (all.length === 0) return undefined;
  const lines = Array.from(Map.groupBy(all, ({ problem }) => problem), ([problem, of]) => {
    return html`<li>${of.map(({ label }) => label).join(", ")}: ${problem}</li>`;
  });
  return html`<p>Not on this page:</p>
<ul>${lines}</ul>`;
}

function networks({ experiment: { student, teachers } }: ReportedRun): string {
  const names = teachers.map((teacher) => networkOf(teacher).id);
  return names.length > 0 ? `${names.join(", ")} → ${student.id}` : student.id;
}

/** The cells of a row by name. A live page renews them by these names. */
export function runCells(
  run: ReportedRun,
): Readonly<Record<"state" | "last" | "best" | "epochs" | "seconds" | "speed" | "waited", string>> {
  const { experiment: { dataset: { task: { measures, primary } }, schedule }, state } = run;
  const { log, trial } = run;
  const score = (value: number | undefined) =>
    value === undefined ? NONE : formatMeasure(measures[primary], value);
  const number = (value: number | undefined, decimals: number, unit = "") =>
    value === undefined ? NONE : value.toFixed(decimals) + unit;
  const { seconds, speed, waited } = speedOf(run);
  const tag = `test/${primary}`;
  return {
    state,
    last: score(trial ? valueAt(trial.metric, primary, "last") : log.at(-1)?.[tag]),
    best: score(trial ? valueAt(trial.metric, primary, "best") : bestEpoch(log, primary)?.[tag]),
    epochs: String(trial?.epochs ?? `${log.length}/${schedule.epochs}`),
    seconds: number(seconds, 1),
    speed: number(speed, 0),
    waited: number(waited, 1, " %"),
  };
}

/** The epoch that is best so far, as a training chooses it. `undefined` if none was measured. */
function bestEpoch(log: readonly EpochLog[], primary: string): EpochLog | undefined {
  const chosen = ({ [`holdout/${primary}`]: held, [`test/${primary}`]: tested }: EpochLog) =>
    held ?? tested;
  const best = Math.max(...log.map(chosen).filter((value) => value !== undefined));
  return log.find((entry) => chosen(entry) === best);
}

/** How fast a run trains. */
interface Speed {
  /** Seconds of an epoch, the mean. */
  readonly seconds: number | undefined;
  /** Images per second in the fastest epoch. */
  readonly speed: number | undefined;
  /** The percentage of the time in which the step waited for data. */
  readonly waited: number | undefined;
}

/**
 * The speed of a run as its own: trials that train together share their time, and each has its part.
 * A trial's times are its part; those in a log are of all.
 */
function speedOf({ trial, log, experiment: { schedule: { batch } } }: ReportedRun): Speed {
  const list = (pick: (entry: EpochLog) => number) => log.map(pick).filter(Number.isFinite);
  // Logs of earlier versions do not say how many trials trained together: nothing is finite then.
  const seconds = list((entry) => entry["perf/seconds"] / entry["perf/trials"]);
  const speeds = list((entry) => entry["perf/images_per_second"] * entry["perf/trials"]);
  const waited = list((entry) => 100 * entry["perf/data_seconds"] / entry["perf/seconds"]);
  return {
    seconds: trial ? trial.seconds / trial.epochs : summary(seconds)?.mean,
    speed: trial?.stepSeconds
      ? batch / trial.stepSeconds
      : speeds.length > 0
      ? Math.max(...speeds)
      : undefined,
    waited: summary(waited)?.mean,
  };
}
