import type { Figure } from "./figure.ts";
import { lines } from "./lines.ts";
import { readLogs, requirePoints, tagPoints } from "./logs.ts";
import { panelsOf, runsInWords, withoutTeachers } from "./panels.ts";
import { primaryTitle } from "./primary_title.ts";

/** The score on the test images over epochs, as in SHAKE's curves of training. */
export const accuracy: Figure = {
  about: "top-1 on the test images over epochs (SHAKE's training curves)",
  async draw(all, settings) {
    const logged = await readLogs(withoutTeachers(all), settings);
    const panels = panelsOf(logged);
    const { runs, points } = requirePoints(
      logged,
      (run) =>
        tagPoints(run, `test/${run.experiment.dataset.task.primary}`, {
          line: run.label,
          panel: panels.get(run.experiment)!,
        }),
      "the score on the test images",
      settings,
    );
    const { title, unit } = primaryTitle(runs);
    return {
      title: `${title} over epochs`,
      caption: [runsInWords(runs, settings)],
      chart: lines(points, { y: `${title}, test images${unit}`, legend: "method" }),
    };
  },
};
