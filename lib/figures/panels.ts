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
  const titles = numberAlike(keys.map((key) => {
    const { experiment } = shown.find((one) => keyOf(one) === key)!;
    return `${experiment.student.id} on ${dataName(experiment)}`;
  }));
  return new Map(shown.map((one) => [one.experiment, titles[keys.indexOf(keyOf(one))]]));
}

/** Gives each title that was there before a number: `cifar10`, `cifar10 (2)`. */
export function numberAlike(titles: readonly string[]): string[] {
  return titles.map((title, i) => {
    const before = titles.slice(0, i).filter((other) => other === title).length;
    return before === 0 ? title : `${title} (${before + 1})`;
  });
}

/** Leaves out the experiments that teach others of these: they are another network. */
export function withoutTeachers(shown: readonly Shown[]): Shown[] {
  const teachers = experimentsThatTeach(shown);
  return shown.filter(({ experiment }) => !teachers.has(experiment));
}

/** Keeps the experiments with one teacher and a KL to it. */
export function withKl(shown: readonly Shown[]): Shown[] {
  return shown.filter(({ experiment: { teachers, dataset: { task } } }) =>
    teachers.length === 1 && "kl" in task.measures
  );
}

/** The data and the seed of a figure's runs, as a line of its caption. */
export function runsInWords(
  shown: readonly Shown[],
  { seed }: Pick<FigureSettings, "seed">,
): string {
  const panels = [...new Set(panelsOf(shown).values())];
  return `${panels.join(", ")}; seed ${seed}`;
}
