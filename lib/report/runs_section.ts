import { networkOf } from "../experiment/experiment.ts";
import { valueAt } from "../project/metric.ts";
import type { EpochLog } from "../run/epoch_log.ts";
import { formatMeasure } from "../tasks/task.ts";
import { type Html, html } from "../values/html.ts";
import { NONE } from "../values/markdown.ts";
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
  const speed = ["s an epoch", "images/s", "waiting for data"];
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
  `;
}

function networks({ experiment: { student, teachers } }: ReportedRun): string {
  const names = teachers.map((teacher) => networkOf(teacher).id);
  return names.length > 0 ? `${names.join(", ")} → ${student.id}` : student.id;
}

/** The cells of a row by name. A live page renews them by these names. */
export function runCells(
  { experiment: { dataset: { task: { measures, primary } } }, state, log, trial, epochs }:
    ReportedRun,
): Readonly<Record<"state" | "last" | "best" | "epochs" | "seconds" | "speed" | "waited", string>> {
  const format = (value: number | undefined) =>
    value === undefined ? NONE : formatMeasure(measures[primary], value);
  const tag = `test/${primary}`;
  const reached = log.map(({ [tag]: value }) => value).filter((value) => value !== undefined);
  return {
    state,
    last: format(trial ? valueAt(trial.metric, primary, "last") : reached.at(-1)),
    best: format(
      trial
        ? valueAt(trial.metric, primary, "best")
        : reached.length > 0
        ? Math.max(...reached)
        : undefined,
    ),
    epochs: String(trial?.epochs ?? `${log.length}/${epochs}`),
    seconds: medianOf(log, ({ "perf/seconds": seconds }) => seconds, 1),
    speed: medianOf(log, ({ "perf/images_per_second": speed }) => speed, 0),
    waited: medianOf(
      log,
      ({ "perf/data_seconds": waited, "perf/seconds": all }) => 100 * waited / all,
      1,
      " %",
    ),
  };
}

/** The median of a number over epochs, as text. */
function medianOf(
  log: readonly EpochLog[],
  pick: (entry: EpochLog) => number | undefined,
  decimals: number,
  unit = "",
): string {
  const values = log.map(pick).filter((value) => value !== undefined && Number.isFinite(value))
    .map(Number).sort((a, b) => a - b);
  const middle = values[Math.floor(values.length / 2)];
  return middle === undefined ? NONE : `${middle.toFixed(decimals)}${unit}`;
}
