import type { Figure } from "./figure.ts";
import { lines } from "./lines.ts";
import { namesBehind, readLogs, requirePoints, tagPoints } from "./logs.ts";
import { runsInWords } from "./panels.ts";

const PREFIX = "train/grad/";

/** How strongly each term of a method's loss pulls at the student over epochs. */
export const gradients: Figure = {
  about: "the gradient norm of each term over epochs (runs with --grad-norms)",
  async draw(shown, settings) {
    const { runs, points } = requirePoints(
      await readLogs(shown, settings),
      (run) =>
        namesBehind(PREFIX, run).flatMap((term) => {
          const points = tagPoints(run, PREFIX + term, { line: term, panel: run.label });
          return points.some(({ value }) => value !== 0) ? points : [];
        }),
      "gradient norms",
      settings,
      ["--grad-norms"],
    );
    return {
      title: "Gradient norms of the terms of the loss over epochs",
      caption: [
        runsInWords(runs, settings),
        "of each weighted term over the student's variables, on one batch of an epoch;",
        "terms that never reach the student are left out",
      ],
      chart: lines(points, { y: "gradient norm", legend: "term", zero: true, own: true }),
    };
  },
};
