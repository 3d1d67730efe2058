import { dataKey, dataName } from "../experiment/data_name.ts";
import { description } from "../nn/description.ts";
import { sizesOf } from "../run/untrained_step.ts";
import type { ChartPart, Figure } from "./figure.ts";
import { ERROR_BARS, meanOfTrials, readRecorded, trialsInWords } from "./outcomes.ts";
import { numberAlike } from "./panels.ts";
import { primaryTitle } from "./primary_title.ts";
import { rowOf } from "./row_of.ts";

/** The accuracy of students and teachers against the sizes of their networks. */
export const sizes: Figure = {
  about: "top-1 against parameters and multiply-adds, from recorded results",
  async draw(all, settings) {
    const recorded = await readRecorded(all, settings);
    const points = await Promise.all(recorded.map(async (one) => {
      const { student, dataset } = one.experiment;
      const { task } = dataset;
      const { image, classes } = await sizesOf(dataset, settings);
      const { parameters, multiplyAdds } = description(student, image, classes);
      const place = { network: student.id, method: one.method, data: dataKey(one.experiment) };
      return { ...meanOfTrials(one, task.primary), ...place, parameters, multiplyAdds };
    }));
    const methods = [...new Set(points.map(({ method }) => method))];
    const networks = [...new Set(points.map(({ network }) => network))];
    const against = (
      data: string,
      score: string,
      field: "parameters" | "multiplyAdds",
      title: string,
    ): ChartPart => ({
      data: { values: points.filter((point) => point.data === data) },
      width: 260,
      height: 180,
      encoding: {
        x: {
          ...{ field, type: "quantitative", title } as const,
          scale: { type: "log", nice: true, padding: 24 },
          axis: { format: "~s" },
        },
      },
      layer: [
        ERROR_BARS,
        {
          mark: { type: "point", filled: true, size: 50, opacity: 0.9 },
          encoding: {
            y: {
              ...{ field: "value", type: "quantitative", title: score } as const,
              scale: { zero: false, padding: 8 },
            },
            color: { field: "method", type: "nominal", scale: { domain: methods } },
            shape: { field: "network", type: "nominal", scale: { domain: networks } },
          },
        },
      ],
    });
    const sets = [...Map.groupBy(recorded, ({ experiment }) => dataKey(experiment))];
    const names = numberAlike(sets.map(([, [{ experiment }]]) => dataName(experiment)));
    const rows = sets.map(([data, own], i) => {
      const { title, unit } = primaryTitle(own);
      return rowOf(names[i], [
        against(data, title + unit, "parameters", "parameters"),
        against(data, title + unit, "multiplyAdds", "multiply-adds of an image"),
      ]);
    });
    return {
      title: "Accuracy against the size of the network",
      caption: [trialsInWords(recorded)],
      chart: { vconcat: rows },
    };
  },
};
