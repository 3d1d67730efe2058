import { labelsOf } from "../project/labels.ts";
import { Failure } from "../values/failure.ts";
import { shellCommand } from "../values/shell.ts";
import type { ChartPart, Figure } from "./figure.ts";
import {
  ERROR_BARS,
  meanOfTrials,
  readRecorded,
  type Recorded,
  trialsInWords,
} from "./outcomes.ts";
import { panelsOf, withKl } from "./panels.ts";
import { pickPresent } from "./pick_present.ts";
import { primaryTitle } from "./primary_title.ts";
import { rowOf } from "./row_of.ts";
import { teacherLabels } from "./teacher_labels.ts";

/** An experiment at its place: at a teacher in a panel, under a name unlike its neighbours'. */
interface Placed extends Recorded {
  readonly panel: string;
  readonly teacher: string;
  readonly name: string;
}

/** The width of a side of a panel. */
const WIDTH = 240;

/** SHAKE's figure 4: KL and top-1 of the methods with each teacher. */
export const gap: Figure = {
  about: "KL and top-1 of the methods with each teacher, from recorded results (SHAKE 4)",
  async draw(all, settings) {
    const shown = withKl(all);
    if (shown.length === 0) {
      throw new Failure(2, "gap: none of these experiments has one teacher and a KL to it");
    }
    const found = (await readRecorded(shown, settings)).map((one) => {
      const { id } = one.identity;
      const command = shellCommand(["deno", "task", "exp", id, "--fresh"]);
      return meanOfTrials(one, "kl") ? one : new Failure(
        3,
        `${id} was recorded without its KL to the teacher; \`${command}\` records it if the ` +
          "teacher has logits",
      );
    });
    const placed = await place(pickPresent(found, settings.status.line));
    const names = [...new Set(placed.map(({ name }) => name))];
    const rows = [...new Set(placed.map(({ panel }) => panel))].map((panel) => {
      const own = placed.filter((one) => one.panel === panel);
      const { title, unit } = primaryTitle(own);
      const [{ experiment: { dataset: { task } } }] = own;
      return rowOf(panel, [
        side(own, "kl", names, "KL divergence", "bar"),
        side(own, task.primary, names, title + unit, "point"),
      ]);
    });
    const { title, unit } = primaryTitle(placed);
    return {
      title: `KL divergence and ${title}${unit}`,
      caption: [
        "KL(teacher ‖ student) on the test images, at temperature 1",
        trialsInWords(placed),
      ],
      chart: { vconcat: rows },
    };
  },
};

/** Names experiments by their methods, or by their labels where a teacher has a method twice. */
async function place(recorded: readonly Recorded[]): Promise<Placed[]> {
  const panels = panelsOf(recorded);
  const rows = Map.groupBy(recorded, ({ experiment }) => panels.get(experiment)!);
  const placed = await Promise.all(Array.from(rows, async ([panel, row]) => {
    const teachers = await teacherLabels(row);
    const groups = Map.groupBy(
      row.map((one, i) => ({ ...one, panel, teacher: teachers[i] })),
      ({ teacher }) => teacher,
    );
    return Array.from(groups.values(), (group) => {
      const methods = group.map(({ method }) => method);
      const isUnique = new Set(methods).size === methods.length;
      const names = isUnique ? methods : labelsOf(group.map(({ identity }) => identity));
      return group.map((one, i) => ({ ...one, name: names[i] }));
    });
  }));
  return placed.flat(2);
}

/** The means of a measure, side by side for each teacher. Bars start at 0. */
function side(
  placed: readonly Placed[],
  measure: string,
  names: string[],
  title: string,
  mark: "bar" | "point",
): ChartPart {
  const values = placed.map((one) => ({
    ...meanOfTrials(one, measure),
    ...{ teacher: one.teacher, method: one.name },
  }));
  const teachers = [...new Set(placed.map(({ teacher }) => teacher))];
  return {
    data: { values },
    width: WIDTH,
    height: 180,
    encoding: {
      x: {
        ...{ field: "teacher", type: "nominal", title: "teacher", sort: teachers } as const,
        // `network (experiment)` has two lines.
        axis: {
          ...{ labelAngle: 0, labelExpr: "split(datum.label, ' ')" },
          labelLimit: WIDTH / teachers.length - 6,
        },
      },
      xOffset: { field: "method", type: "nominal", sort: names },
    },
    layer: [
      {
        mark: mark === "bar"
          ? "bar"
          : { type: "point", filled: true, size: 50, opacity: 1 } as const,
        encoding: {
          y: {
            ...{ field: "value", type: "quantitative", title, stack: null } as const,
            scale: mark === "bar" ? { zero: true } : { zero: false, padding: 8 },
          },
          color: {
            field: "method",
            type: "nominal",
            title: "method",
            scale: { domain: names },
          },
        },
      },
      ERROR_BARS,
    ],
  };
}
