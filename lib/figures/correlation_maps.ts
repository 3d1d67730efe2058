import { correlation, correlationGap } from "../analysis/correlation.ts";
import { readFeatures } from "../evaluation/features.ts";
import type { Subject } from "../evaluation/open_subject.ts";
import type { Teacher } from "../experiment/experiment.ts";
import { chosenPart } from "../experiment/weights.ts";
import { Failure } from "../values/failure.ts";
import { largestMagnitude } from "../values/numbers.ts";
import type { Figure, FigureSettings } from "./figure.ts";
import { runsInWords, withoutTeachers } from "./panels.ts";
import { type Colour, colourScale, pngAddress } from "./pixels.ts";
import { readTaught } from "./trained_networks.ts";

const SCHEME = "purplebluegreen";

/** The colour of a class whose logits are all the same: it has no correlation. */
const NONE: Colour = [255, 255, 255];

/** SHAKE's figure 7 and SLKD's figure 6: how the logits' correlations differ from the teacher's. */
export const correlationMaps: Figure = {
  about: "difference of the correlations of student's and teacher's logits (SHAKE 7, SLKD 6)",
  async draw(all, settings) {
    const shown = withoutTeachers(all).filter(({ experiment }) => experiment.teachers.length === 1);
    if (shown.length === 0) {
      throw new Failure(2, "correlation: none of these experiments has one teacher");
    }
    const taught = await readTaught(shown, settings);
    const pairs = taught.flatMap(({ label, subject, teacher, experiment: { teachers } }) =>
      teacher ? [{ label, subject, teacher, part: partOf(teachers[0]) }] : []
    );
    const teachers = new Map<string, Float64Array>();
    const gaps = [];
    for (const { label, subject, teacher, part } of pairs) {
      const id = `${teacher.file.sha256}${part}`;
      const known = teachers.get(id) ?? (await correlations(teacher, settings)).matrix;
      teachers.set(id, known);
      const own = await correlations(subject, settings);
      const { difference, mean } = correlationGap(own.matrix, known);
      gaps.push({ ...own, title: `${label}: mean ${mean.toFixed(4)}`, difference });
    }
    const most = Math.max(...gaps.map(({ difference }) => largestMagnitude(difference)));
    const scaled = colourScale(SCHEME);
    const colour = (value: number) =>
      Number.isFinite(value) ? scaled(most === 0 ? 0 : Math.abs(value) / most) : NONE;
    const values = gaps.map(({ title, difference, classes }) => ({
      ...{ title, low: -0.5, high: classes - 0.5, value: most },
      url: pngAddress(Array.from(difference, colour), classes),
    }));
    const axis = (title: string) => ({ type: "quantitative", title } as const);
    const [{ classes, images }] = gaps;
    const scale = { domain: [-0.5, classes - 0.5], nice: false };
    return {
      title: "Difference of the correlations of student's and teacher's logits",
      caption: [
        runsInWords(taught, settings),
        `|correlation of two classes' logits, student − teacher|, over ${images} test images`,
        "the mean is over all pairs of classes; less is closer to the teacher",
      ],
      chart: {
        data: { values },
        facet: {
          field: "title",
          type: "nominal",
          title: null,
          sort: values.map(({ title }) => title),
        },
        align: "each",
        columns: Math.min(2, gaps.length),
        spec: {
          width: 220,
          height: 220,
          encoding: {
            x: { field: "low", ...axis("class"), scale, axis: { grid: false, tickMinStep: 1 } },
            y: {
              ...{ field: "high", ...axis("class") },
              scale: { ...scale, reverse: true },
              axis: { grid: false, tickMinStep: 1 },
            },
          },
          layer: [
            {
              mark: {
                type: "image",
                // Cells have edges.
                smooth: false,
                width: 220,
                height: 220,
                align: "left",
                baseline: "bottom",
                aspect: false,
              },
              encoding: {
                url: { field: "url", type: "nominal" },
                description: { field: "title", type: "nominal" },
              },
            },
            {
              // Nothing to see: it gives the legend its colours.
              mark: { type: "point", opacity: 0, aria: false },
              encoding: {
                color: {
                  ...{ field: "value", type: "quantitative", title: "difference" } as const,
                  scale: { scheme: SCHEME, domain: [0, most] },
                },
              },
            },
          ],
        },
        resolve: { axis: { x: "independent", y: "independent" } },
      },
    };
  },
};

/** What is taken of a teacher's file. A file may hold several networks. */
const partOf = (teacher: Teacher): string => teacher.kind === "external" ? chosenPart(teacher) : "";

/** The correlations of a network's logits, and what they are over. */
async function correlations(
  subject: Subject,
  settings: FigureSettings,
): Promise<{ matrix: Float64Array; classes: number; images: number }> {
  const { logits, images, classes } = await readFeatures(subject, {
    ...settings,
    tap: "logits",
  });
  return {
    matrix: correlation(logits, classes.length),
    classes: classes.length,
    images: images.length,
  };
}
