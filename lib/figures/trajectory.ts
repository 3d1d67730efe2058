import { Failure } from "../values/failure.ts";
import { boolean, looseObject, number, optional, readAs } from "../values/reader.ts";
import type { Figure, Shown } from "./figure.ts";
import { lines } from "./lines.ts";
import { readLogs, tagPoints } from "./logs.ts";
import { panelsOf, runsInWords } from "./panels.ts";

/** SLKD's figure 2: how far the student is from the teacher and from the teachers that learn. */
export const trajectory: Figure = {
  about: "the student's distance from the teacher and from SLKD's own teachers (SLKD 2)",
  async draw(all, settings) {
    const shown = all.filter(({ experiment }) => experiment.distiller.id === "slkd");
    if (shown.length === 0) throw new Failure(2, "trajectory: none of these experiments is SLKD's");
    const runs = await readLogs(shown, settings);
    const panels = panelsOf(runs);
    const points = runs.flatMap((run) => {
      const panel = `${run.label}: ${panels.get(run.experiment)}`;
      const { teacher, self } = weightsOf(run);
      return [
        ...tagPoints(run, "train/loss/teacher", { line: "teacher, student", panel }, 1 / teacher),
        ...tagPoints(run, "train/loss/self", { line: "SL-T, student", panel }, 1 / self),
      ];
    });
    return {
      title: "Distance of the student from teacher and SL-T",
      caption: [
        runsInWords(runs, settings),
        "T² · KL(teacher ‖ student) and T² · KL(SL-T ‖ student), SL-T the fusion of all of them",
        "at the method's temperature T, the mean over an epoch's training images",
      ],
      chart: lines(points, { y: "T² · KL divergence", legend: "between", zero: true }),
    };
  },
};

/** The weights of the two KL terms in the student's loss. */
function weightsOf(
  { identity: { id }, experiment: { distiller } }: Shown,
): { teacher: number; self: number } {
  const read = looseObject<
    { ce: number; teacher: number; selfTeacher: number; released?: boolean }
  >({ ce: number, teacher: number, selfTeacher: number, released: optional(boolean) });
  const { ce, teacher, selfTeacher, released } = readAs(
    distiller.options,
    read,
    (problem) => new Failure(2, `${id}: ${problem}`),
  );
  return { teacher: teacher * (1 - ce), self: selfTeacher * (released ? 1 : 1 - ce) };
}
