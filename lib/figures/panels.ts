import { dataName } from "../experiment/data_name.ts";
import { type Experiment, experimentsThatTeach } from "../experiment/experiment.ts";
import { imageSource } from "../run/declared_data.ts";
import { canonical } from "../values/json.ts";
import type { FigureSettings, Shown } from "./figure.ts";

/**
 * The panel of each experiment: a student network on a data set, in words. Different ones have
 * different panels.
 */
export function panelsOf(shown: readonly Shown[]): ReadonlyMap<Experiment, string> {
  const keyOf = ({ experiment: { student, dataset } }: Shown) =>
    canonical([student.id, student.options, imageSource(dataset)]);
  const keys = [...new Set(shown.map(keyOf))];
  const titles = keys.map((key) => {
    const { experiment } = shown.find((one) => keyOf(one) === key)!;
    return `${experiment.student.id} on ${dataName(experiment)}`;
  });
  const numbered = titles.map((title, i) => {
    const before = titles.slice(0, i).filter((other) => other === title).length;
    return before === 0 ? title : `${title} (${before + 1})`;
  });
  return new Map(shown.map((one) => [one.experiment, numbered[keys.indexOf(keyOf(one))]]));
}

/** Leaves out the experiments that teach others of these: they are another network. */
export function withoutTeachers(shown: readonly Shown[]): Shown[] {
  const teachers = experimentsThatTeach(shown);
  return shown.filter(({ experiment }) => !teachers.has(experiment));
}

/** The data and the seed of a figure's runs, as a line of its caption. */
export function runsInWords(
  shown: readonly Shown[],
  { seed }: Pick<FigureSettings, "seed">,
): string {
  const panels = [...new Set(panelsOf(shown).values())];
  return `${panels.join(", ")}; seed ${seed}`;
}
