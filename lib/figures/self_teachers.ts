import { Failure } from "../values/failure.ts";
import type { Figure } from "./figure.ts";
import { lines } from "./lines.ts";
import { namesBehind, readLogs, requirePoints, tagPoints } from "./logs.ts";
import { panelsOf, runsInWords } from "./panels.ts";
import { REPORTS, selfTeacherReport } from "./reports.ts";

/** SLKD's figure 4: the accuracy of the self-learning teachers, alone and fused. */
export const selfTeachers: Figure = {
  about: "top-1 of SLKD's own teachers over epochs, alone and fused (SLKD 4)",
  async draw(all, settings) {
    const shown = all.filter(({ experiment }) => experiment.distiller.id === "slkd");
    if (shown.length === 0) {
      throw new Failure(2, "self-teachers: none of these experiments is SLKD's");
    }
    const logged = await readLogs(shown, settings);
    const panels = panelsOf(logged);
    const { runs, points } = requirePoints(
      logged,
      (run) => {
        const panel = `${run.label}: ${panels.get(run.experiment)}`;
        const own = namesBehind(REPORTS, run).flatMap((name) => {
          const report = selfTeacherReport(name);
          if (report?.measure !== "top1") return [];
          return tagPoints(run, REPORTS + name, { line: report.teacher, panel }, 100);
        });
        const student = tagPoints(run, "train/top1", { line: "student", panel });
        return own.length > 0 ? [...own, ...student] : [];
      },
      "the accuracy of SLKD's own teachers",
      settings,
    );
    return {
      title: "Accuracy of the self-learning teachers, alone and fused",
      caption: [runsInWords(runs, settings), "on an epoch's training images, while it trains"],
      chart: lines(points, { y: "top-1, training images (%)", legend: "network" }),
    };
  },
};
