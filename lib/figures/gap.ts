import { networkOf } from "../experiment/experiment.ts";
import { Failure } from "../values/failure.ts";
import type { ChartPart, Figure } from "./figure.ts";
import { type Mean, meanOfTrials, readRecorded, trialsInWords } from "./outcomes.ts";
import { panelsOf } from "./panels.ts";

/** A method's mean behind a teacher. */
interface Behind extends Mean {
  readonly teacher: string;
  readonly method: string;
}

/** SHAKE's figure 4: KL and top-1 of the methods behind each teacher. */
export const gap: Figure = {
  about: "KL and top-1 of each method behind each teacher, from recorded results (SHAKE 4)",
  async draw(all, settings) {
    const shown = all.filter(({ experiment }) => experiment.teachers.length === 1);
    if (shown.length === 0) throw new Failure(2, "gap: none of these experiments has one teacher");
    const recorded = await readRecorded(shown, settings);
    const panels = panelsOf(recorded);
    const behind = (measure: string, panel: string): Behind[] =>
      recorded.filter(({ experiment }) => panels.get(experiment) === panel).flatMap((one) => {
        const mean = meanOfTrials(one, measure);
        const [teacher] = one.experiment.teachers;
        return mean ? [{ ...mean, teacher: networkOf(teacher).id, method: one.method }] : [];
      });
    const methods = [...new Set(recorded.map(({ method }) => method))];
    const rows = [...new Set(panels.values())].map((panel): ChartPart => ({
      title: { text: panel, fontSize: 11, fontWeight: "normal" },
      hconcat: [
        side(behind("kl", panel), methods, "KL divergence", "bar"),
        side(behind("top1", panel), methods, "top-1 (%)", "point"),
      ],
    }));
    return {
      title: "KL divergence and top-1 accuracy (%)",
      caption: [
        "KL(teacher ‖ student) on the test images, at temperature 1",
        trialsInWords(recorded),
      ],
      chart: { vconcat: rows },
    };
  },
};

/** The means of the methods, side by side behind each teacher. Bars start at 0. */
function side(
  values: readonly Behind[],
  methods: string[],
  title: string,
  mark: "bar" | "point",
): ChartPart {
  const teachers = [...new Set(values.map(({ teacher }) => teacher))];
  return {
    data: { values: [...values] },
    width: 240,
    height: 180,
    encoding: {
      x: {
        field: "teacher",
        type: "nominal",
        title: "teacher",
        sort: teachers,
        axis: { labelAngle: 0 },
      },
      xOffset: { field: "method", type: "nominal", sort: methods },
    },
    layer: [
      {
        mark: mark === "bar" ? "bar" : { type: "point", filled: true, size: 50 },
        encoding: {
          y: {
            field: "value",
            type: "quantitative",
            title,
            scale: { zero: mark === "bar" },
          },
          color: {
            field: "method",
            type: "nominal",
            title: "method",
            scale: { domain: methods },
          },
        },
      },
      {
        mark: { type: "rule", color: "#333333" },
        encoding: { y: { field: "low", type: "quantitative" }, y2: { field: "high" } },
      },
    ],
  };
}
