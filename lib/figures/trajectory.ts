import { type SlkdWeights, slkdWeights } from "../distillers/slkd.ts";
import { Failure } from "../values/failure.ts";
import { boolean, looseObject, number, optional, readAs } from "../values/reader.ts";
import type { Figure, Shown } from "./figure.ts";
import { labelled } from "./labelled.ts";
import { lines } from "./lines.ts";
import { type Logged, namesBehind, type Point, readLogs, tagPoints } from "./logs.ts";
import { panelsOf, runsInWords } from "./panels.ts";
import { pickPresent } from "./pick_present.ts";

const PREFIX = "train/loss/";

/** SLKD's figure 2: how far student, teacher and the teachers that learn are from each other. */
export const trajectory: Figure = {
  about: "the distances between student, teacher and SLKD's own teachers (SLKD 2)",
  async draw(all, settings) {
    const shown = all.filter(({ experiment }) => experiment.distiller.id === "slkd");
    if (shown.length === 0) throw new Failure(2, "trajectory: none of these experiments is SLKD's");
    const logged = await readLogs(shown, settings);
    const panels = panelsOf(logged);
    const distances = (run: Logged) =>
      distancesOf(run, `${run.label}: ${panels.get(run.experiment)}`);
    const found = logged.map((run) => {
      const { id } = run.identity;
      return distances(run).length > 0
        ? run
        : new Failure(2, `trajectory: the loss of ${id} has no KL, so its log has no distance`);
    });
    const runs = labelled(pickPresent(found, settings.status.line));
    return {
      title: "Distances between student, teacher and SL-T",
      caption: [
        runsInWords(runs, settings),
        "T² · KL(teacher ‖ student), T² · KL(SL-T ‖ student), SL-T the fusion of all of them,",
        "and T² · KL(teacher ‖ SL-T) of each of them, at the method's temperature T,",
        "the mean over an epoch's training images",
      ],
      chart: lines(runs.flatMap(distances), {
        y: "T² · KL divergence",
        legend: "between",
        zero: true,
        dashed: true,
      }),
    };
  },
};

/** The KL terms of a run's log without their weights. Leaves out those without weight. */
function distancesOf(run: Logged, panel: string): Point[] {
  const { teacher, self, selfToTeacher } = weightsOf(run);
  const terms = namesBehind(PREFIX, run).flatMap((term): [string, string, number][] => {
    const [, number] = term.match(/^self(\d+)_teacher$/) ?? [];
    return number ? [[term, `SL-T ${number}, teacher`, selfToTeacher]] : [];
  });
  return [
    ["teacher", "teacher, student", teacher] as const,
    ["self", "SL-T, student", self] as const,
    ...terms,
  ].flatMap(([term, line, weight]) =>
    weight === 0 ? [] : tagPoints(run, PREFIX + term, { line, panel }, 1 / weight)
  );
}

function weightsOf({ identity: { id }, experiment: { distiller } }: Shown): SlkdWeights {
  const read = looseObject<
    { ce: number; teacher: number; selfTeacher: number; released?: boolean }
  >({ ce: number, teacher: number, selfTeacher: number, released: optional(boolean) });
  const { released = false, ...options } = readAs(
    distiller.options,
    read,
    (problem) => new Failure(2, `${id}: ${problem}`),
  );
  return slkdWeights({ ...options, released });
}
