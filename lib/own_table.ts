import { best } from "./best.ts";
import { networkOf } from "./experiment.ts";
import { type Footnotes, footnotes } from "./footnotes.ts";
import { grid, link, plain, stack } from "./markdown.ts";
import { measures, type Outcome, unshown } from "./outcome.ts";
import { type Labelled, settings } from "./setting.ts";
import { rounded, spread, summary } from "./summary.ts";

/** What a column shows. */
interface Shown {
  readonly title: string;
  readonly metric: string;
  readonly epoch: "last" | "best";
}

/** The first column, which also says n and what is not shown. */
const MAIN: Shown = { title: "top-1, last (n)", metric: "top1", epoch: "last" };

/** The columns that are there where some row has them. */
const FURTHER: readonly Shown[] = [
  { title: "top-1, best", metric: "top1", epoch: "best" },
  { title: "top-5, last", metric: "top5", epoch: "last" },
  { title: "KL to teacher", metric: "kl", epoch: "last" },
];

/**
 * A table of our own numbers, as markdown with its footnotes and settings: a row per experiment with its networks, and the
 * mean ± std over its trials of each measure. What teaches another row is not compared with it.
 */
export function ownTable(title: string, rows: readonly Labelled[]): string {
  const notes = footnotes(), outcomes = rows.map(([, outcome]) => outcome);
  const further = FURTHER.filter(({ metric, epoch }) =>
    outcomes.some((one) => measures(one, metric, epoch).length > 0)
  );
  const columns = [column(MAIN, outcomes, notes), ...further.map((shown) => column(shown, outcomes))];
  const header = ["", "teacher", "student", ...[MAIN, ...further].map(({ title }) => title)];
  const body = rows.map(([label, { experiment, path }], i) => [
    link(plain(label), path),
    experiment.teachers.map((teacher) => plain(networkOf(teacher).id)).join(", ") || NONE,
    plain(experiment.student.id),
    ...columns.map((cells) => cells[i]),
  ]);
  return stack([`## ${plain(title)}`, grid(header, body), notes.below(), settings(rows)]);
}

const NONE = "—";

/** A column's cells, with n and marks where there are `notes` for them. */
function column({ metric, epoch }: Shown, outcomes: readonly Outcome[], notes?: Footnotes): string[] {
  const teaching = new Set(
    outcomes.flatMap(({ experiment: { teachers } }) =>
      teachers.flatMap((teacher) => "experiment" in teacher ? [teacher.experiment] : [])
    ),
  );
  const summaries = outcomes.map((outcome) => summary(measures(outcome, metric, epoch)));
  const compared = summaries.map((one, i) =>
    teaching.has(outcomes[i].experiment) ? undefined : one && rounded(one.mean)
  );
  const bold = best(compared, metric);
  return summaries.map((one, i) => {
    const text = one ? spread(notes ? one : { ...one, n: undefined }) : NONE;
    return (bold[i] ? `**${text}**` : text) + (notes ? unshown(outcomes[i], notes) : "");
  });
}
