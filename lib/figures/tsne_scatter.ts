import { PERPLEXITY, tsne } from "../analysis/tsne.ts";
import { readFeatures } from "../evaluation/features.ts";
import { Failure } from "../values/failure.ts";
import type { Figure } from "./figure.ts";
import { runsInWords, withoutTeachers } from "./panels.ts";
import { readTaught, withTeachers } from "./trained_networks.ts";

/** The most classes whose names stand beside their colours. */
const NAMED_CLASSES = 20;

/** The fewest test images whose neighbourhoods t-SNE can compare. */
export const FEWEST_POINTS: number = PERPLEXITY + 1;

/** SHAKE's figure 6 and SLKD's figure 5: the penultimate features in the plane. */
export const tsneScatter: Figure = {
  about: "t-SNE of penultimate features of students and teacher (SHAKE 6, SLKD 5)",
  async draw(all, settings) {
    const { status, points: most = 1000 } = settings;
    const shown = withoutTeachers(all);
    const taught = await readTaught(shown, settings);
    const networks = await withTeachers(taught);
    const panels = [];
    for (const { label, subject } of networks) {
      const read = await readFeatures(subject, { ...settings, most });
      const { images: { length } } = read;
      if (length < FEWEST_POINTS) {
        const { id } = subject.dataset;
        throw new Failure(
          2,
          `t-SNE needs ${FEWEST_POINTS} test images or more; ${id} has ${length}`,
        );
      }
      const between = (share: number) => status.update(share, `t-SNE of ${label}`);
      const { points, divergence } = await tsne(read.features, length, { between });
      const title = `${label} (KL ${divergence.toFixed(2)})`;
      panels.push({ ...read, points, title });
    }
    status.close();
    const [{ classes, images }] = panels;
    const isNamed = classes.length <= NAMED_CLASSES;
    const values = panels.flatMap(({ title, points, labels }) =>
      Array.from(labels, (label, i) => ({
        ...{ title, x: points[2 * i], y: points[2 * i + 1] },
        class: isNamed ? classes[label] : label,
      }))
    );
    const axis = { type: "quantitative", axis: null, scale: { zero: false } } as const;
    return {
      title: "Visualization of the penultimate layer",
      caption: [
        runsInWords(taught, settings),
        `t-SNE of ${images.length} test images, a colour for each of ${classes.length} classes`,
        "KL is t-SNE's own; the axes have no unit",
      ],
      chart: {
        data: { values },
        facet: {
          field: "title",
          type: "nominal",
          title: null,
          sort: panels.map(({ title }) => title),
        },
        align: "each",
        columns: Math.min(3, panels.length),
        spec: {
          width: 200,
          height: 200,
          mark: { type: "circle", size: 7, opacity: 0.9, aria: false },
          encoding: {
            x: { field: "x", ...axis },
            y: { field: "y", ...axis },
            color: isNamed ? { field: "class", type: "nominal", sort: [...classes] } : {
              ...{ field: "class", type: "quantitative", legend: null } as const,
              scale: { scheme: "rainbow" },
            },
          },
        },
        resolve: { scale: { x: "independent", y: "independent" } },
      },
    };
  },
};
