import { footnotes } from "./footnotes.ts";
import { grid, link, NONE, paragraph, plain, shown, stack } from "../../values/markdown.ts";
import { methodSettings } from "./method_settings.ts";
import { unshown } from "../../project/outcome.ts";
import { ownRows } from "../own_rows.ts";
import { comparisons } from "../paired.ts";
import { pairedRows } from "../paired_rows.ts";
import { type Labelled, tableSettings } from "./settings.ts";
import type { TeacherNames } from "../teacher_names.ts";

/**
 * A table of our own numbers, as markdown with its footnotes and settings: a row per experiment with its networks, and the
 * mean ± std over its trials of each measure; below it the differences from the rows that the others are compared with.
 */
export function ownTable(
  title: string,
  labelled: readonly Labelled[],
  against: readonly string[] = [],
  names?: TeacherNames,
): string {
  const notes = footnotes(), { columns, rows } = ownRows(labelled, names);
  const header = ["", "teacher", "student", ...columns.map(({ title }) => title)];
  const body = rows.map(({ label, teachers, student, cells: [main, ...further], outcome }) => [
    link(plain(label), outcome.path),
    teachers.map(plain).join(", ") || NONE,
    plain(student),
    shown(main) + unshown(outcome, notes),
    ...further.map(shown),
  ]);
  return stack([
    `## ${plain(title)}`,
    grid(header, body),
    notes.below(),
    differences(labelled, against),
    tableSettings(labelled, methodSettings(labelled)),
  ]);
}

function differences(labelled: readonly Labelled[], against: readonly string[]): string {
  const [header, ...rows] = pairedRows(comparisons(labelled, against)).map((cells) => cells.map(plain));
  return rows.length === 0 ? "" : stack(["**Paired differences**", paragraph(HOW), grid(header, rows)]);
}

const HOW =
  "In points, over the seeds that both rows have: with one seed two rows see the same data in the same order and start with " +
  "the same student. The interval is Student's t. `better` or `worse` is where it leaves out 0, `undecided` where 0 is in it; " +
  "`one seed` decides nothing.";
