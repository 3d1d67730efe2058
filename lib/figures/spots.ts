import { Failure } from "../values/failure.ts";
import type { Figure } from "./figure.ts";
import { lines } from "./lines.ts";
import { namesBehind, readLogs, tagPoints } from "./logs.ts";
import { runsInWords } from "./panels.ts";
import { REPORTS, spotOfReport } from "./reports.ts";

/** The share of samples that SAKD distils at each spot over epochs. */
export const spots: Figure = {
  about: "the share of samples that SAKD distils at each spot over epochs",
  async draw(all, settings) {
    const shown = all.filter(({ experiment }) => experiment.distiller.id === "sakd");
    if (shown.length === 0) throw new Failure(2, "spots: none of these experiments is SAKD's");
    const runs = await readLogs(shown, settings);
    const points = runs.flatMap((run) =>
      namesBehind(REPORTS, run).flatMap((name) => {
        const spot = spotOfReport(name);
        if (spot === undefined) return [];
        return tagPoints(run, REPORTS + name, { line: spot, panel: run.label }, 100);
      })
    );
    if (points.length === 0) {
      throw new Failure(2, "spots: these runs route nothing: every sample is distilled everywhere");
    }
    return {
      title: "Samples distilled at each spot over epochs",
      caption: [runsInWords(runs, settings), "the share of an epoch's training images"],
      chart: lines(points, { y: "samples (%)", legend: "spot", range: [0, 100], dashed: true }),
    };
  },
};
