import { formatMeasure, type Task } from "../tasks/task.ts";
import { type Html, html } from "../values/html.ts";
import type { Ancestor, ReportedRun } from "./report.ts";

/** What taught each run, and what taught that. `undefined` if no run has a teacher. */
export function lineageSection(runs: readonly ReportedRun[]): Html | undefined {
  const taught = runs.filter(({ teachers }) => teachers.length > 0);
  if (taught.length === 0) return undefined;
  return html`<dl class="lineage">${
    taught.map(({ label, teachers, experiment: { dataset: { task } } }) =>
      html`
        <dt>${label}</dt>
        <dd>${ancestors(teachers, task)}</dd>
      `
    )
  }
</dl>`;
}

function ancestors(teachers: readonly Ancestor[], task: Task): Html | undefined {
  if (teachers.length === 0) return undefined;
  return html`<ul>${teachers.map((teacher) => html`<li>${ancestor(teacher, task)}</li>`)}</ul>`;
}

function ancestor({ id, seed, network, used, teachers }: Ancestor, task: Task): Html {
  const { title } = task.measures[task.primary];
  const score = used?.score[task.primary];
  const facts = [
    network,
    ...seed === null ? [] : [`seed ${seed}`],
    ...score === undefined ? [] : [`${title} ${formatMeasure(task.measures[task.primary], score)}`],
  ].join(", ");
  const sum = used && html`
    <code title="SHA-256 of its weights">${used.sha256.slice(0, 12)}</code>
  `;
  return html`${id}: ${facts}${sum}${ancestors(teachers, task)}`;
}
