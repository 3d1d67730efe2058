import type { Figure } from "./figure.ts";
import { lines } from "./lines.ts";
import { namesBehind, readLogs, tagPoints } from "./logs.ts";
import { runsInWords } from "./panels.ts";

const PREFIX = "train/loss/";

/** The terms of each method's loss over epochs. */
export const losses: Figure = {
  about: "the terms of each loss over epochs, with their weights",
  async draw(shown, settings) {
    const runs = await readLogs(shown, settings);
    const points = runs.flatMap((run) =>
      namesBehind(PREFIX, run).flatMap((term) =>
        tagPoints(run, PREFIX + term, { line: term, panel: run.label })
      )
    );
    return {
      title: "Terms of the loss over epochs",
      caption: [
        runsInWords(runs, settings),
        "each with its weight, the mean over an epoch's training images",
      ],
      chart: lines(points, { y: "weighted term", legend: "term", zero: true, own: true }),
    };
  },
};
