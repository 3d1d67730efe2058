import type { Subject, SubjectOptions } from "../evaluation/open_subject.ts";
import { readFeatures } from "../evaluation/features.ts";
import { imageColours, pngAddress } from "../figures/pixels.ts";
import { Confusion } from "../tasks/confusion.ts";
import type { Mistakes, WrongImage } from "./report.ts";

/** The wrong images that are shown. */
const WORST = 8;

/** The most pixels along a side of a shown image. */
const SIDE = 64;

/**
 * Finds the mistakes of a trained classifier on its test images. Rejects with a `Failure` as
 * `readFeatures` does.
 */
export async function findMistakes(subject: Subject, options: SubjectOptions): Promise<Mistakes> {
  const { logits, labels, images, classes } = await readFeatures(subject, {
    ...options,
    tap: "logits",
  });
  const confusion = new Confusion(classes.length);
  confusion.add(logits, labels);
  const wrong = Array.from(labels, (label, i) => {
    const scores = logits.subarray(i * classes.length, (i + 1) * classes.length);
    return { index: images[i], label, ...surest(scores) };
  }).filter(({ label, taken, probability }) => taken !== label && Number.isFinite(probability));
  const worst = wrong.toSorted((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, WORST);
  const pictures = await readPictures(subject, worst.map(({ index }) => index), options);
  return {
    classes,
    matrix: confusion.matrix,
    worst: worst.map((one, i): WrongImage => ({ ...one, picture: pictures[i] })),
  };
}

/** The class with the highest score, and its probability. */
function surest(scores: Float32Array): { readonly taken: number; readonly probability: number } {
  const taken = scores.indexOf(Math.max(...scores));
  const sum = scores.reduce((sum, score) => sum + Math.exp(score - scores[taken]), 0);
  return { taken, probability: 1 / sum };
}

/** Reads test images as pictures. Of large ones every second or third pixel is shown. */
async function readPictures(
  { dataset }: Subject,
  indices: readonly number[],
  { data, status }: SubjectOptions,
): Promise<string[]> {
  const opened = await dataset.open(data, status.line);
  try {
    const { test, image } = opened;
    const pixels = await test.read(indices);
    const step = Math.ceil(Math.max(image[0], image[1]) / SIDE);
    const columns = Math.ceil(image[1] / step);
    return indices.map((_, i) => pngAddress(imageColours(pixels, image, i, step), columns));
  } finally {
    opened.close();
  }
}
