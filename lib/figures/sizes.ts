import { description } from "../nn/description.ts";
import { sizesOf } from "../run/untrained_step.ts";
import type { ChartPart, Figure } from "./figure.ts";
import { meanOfTrials, readRecorded, trialsInWords } from "./outcomes.ts";
import { dataName } from "../experiment/data_name.ts";

/** The accuracy of students and teachers against the sizes of their networks. */
export const sizes: Figure = {
  about: "top-1 against parameters and multiply-adds, from recorded results",
  async draw(all, settings) {
    const recorded = await readRecorded(all, settings);
    const [{ experiment: { dataset: { task } } }] = recorded;
    const points = await Promise.all(recorded.map(async (one) => {
      const { student, dataset } = one.experiment;
      const { image, classes } = await sizesOf(dataset, settings);
      const { parameters, multiplyAdds } = description(student, image, classes);
      const place = { network: student.id, method: one.method, data: dataName(one.experiment) };
      return { ...meanOfTrials(one, task.primary), ...place, parameters, multiplyAdds };
    }));
    const methods = [...new Set(points.map(({ method }) => method))];
    const against = (field: "parameters" | "multiplyAdds", title: string): ChartPart => ({
      width: 260,
      height: 220,
      encoding: {
        x: {
          ...{ field, type: "quantitative", title } as const,
          scale: { type: "log", nice: true, padding: 24 },
          axis: { format: "~s" },
        },
      },
      layer: [
        {
          mark: { type: "point", filled: true, size: 45, opacity: 0.9 },
          encoding: {
            y: {
              ...{ field: "value", type: "quantitative" } as const,
              title: `${task.measures[task.primary].title} (%)`,
              scale: { zero: false },
              axis: { format: "~g" },
            },
            color: { field: "method", type: "nominal", sort: methods },
            shape: { field: "data", type: "nominal", title: "data" },
          },
        },
        {
          mark: { type: "text", dy: -10, fontSize: 9, baseline: "bottom" },
          encoding: {
            y: { field: "value", type: "quantitative", aggregate: "max" },
            text: { field: "network", type: "nominal" },
            detail: { field: "data", type: "nominal" },
          },
        },
      ],
    });
    return {
      title: "Accuracy against the size of the network",
      caption: [trialsInWords(recorded)],
      chart: {
        data: { values: points },
        hconcat: [
          against("parameters", "parameters"),
          against("multiplyAdds", "multiply-adds of an image"),
        ],
      },
    };
  },
};
