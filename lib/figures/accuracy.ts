import type { Figure } from "./figure.ts";
import { lines } from "./lines.ts";
import { readLogs, tagPoints } from "./logs.ts";
import { panelsOf, runsInWords, withoutTeachers } from "./panels.ts";

/** The score on the test images over epochs, as in SHAKE's curves of training. */
export const accuracy: Figure = {
  about: "top-1 on the test images over epochs (SHAKE's training curves)",
  async draw(all, settings) {
    const shown = withoutTeachers(all);
    const [{ experiment: { dataset: { task } } }] = shown;
    const { title } = task.measures[task.primary];
    const runs = await readLogs(shown, settings);
    const panels = panelsOf(runs);
    const points = runs.flatMap((run) =>
      tagPoints(run, `test/${task.primary}`, {
        line: run.label,
        panel: panels.get(run.experiment)!,
      })
    );
    return {
      title: `${title} accuracy over epochs`,
      caption: [runsInWords(runs, settings)],
      chart: lines(points, { y: `${title}, test images (%)`, legend: "method" }),
    };
  },
};
