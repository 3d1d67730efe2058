import { Failure } from "../values/failure.ts";
import type { Figure } from "./figure.ts";
import { lines } from "./lines.ts";
import { readLogs, requirePoints, tagPoints } from "./logs.ts";
import { panelsOf, runsInWords, withKl } from "./panels.ts";

/** The KL from the teacher to the student over epochs, on the training images. */
export const teacherDivergence: Figure = {
  about: "KL from the teacher to the student over epochs (SHAKE 4, over the training)",
  async draw(all, settings) {
    const shown = withKl(all);
    if (shown.length === 0) {
      throw new Failure(2, "divergence: none of these experiments has one teacher and a KL to it");
    }
    const logged = await readLogs(shown, settings);
    const panels = panelsOf(logged);
    const { runs, points } = requirePoints(
      logged,
      (run) => tagPoints(run, "train/kl", { line: run.label, panel: panels.get(run.experiment)! }),
      "the KL to its teacher",
      settings,
    );
    return {
      title: "KL divergence from the teacher over epochs",
      caption: [
        runsInWords(runs, settings),
        "KL(teacher ‖ student) at temperature 1, the mean over an epoch's training images",
      ],
      chart: lines(points, { y: "KL divergence", legend: "method", zero: true }),
    };
  },
};
