/** A second task, as a user would add one: two numbers for each image, with a weight per image. */
import * as tf from "@tensorflow/tfjs";
import { synthetic, type SyntheticOptions } from "../../datasets/synthetic.ts";
import type { Dataset, Split } from "../../lib/data/dataset.ts";
import type { Output } from "../../lib/nn/network.ts";
import type { LabelSource, Score, Task } from "../../lib/tasks/task.ts";

/** Numbers per image. */
const NUMBERS = 2;

/** The labels of this task: the numbers and the weight of each image. */
interface Counted {
  readonly numbers: Float32Array;
  readonly counts: Float32Array;
}

/** Reads the numbers and the weight of an image. A part of a split has the labels of its whole. */
function labelOf(
  split: LabelSource & Partial<Counted>,
  index: number,
): { numbers: Float32Array; counts: number } {
  if (split.partOf) return labelOf(split.partOf.split, split.partOf.indices[index]);
  const { numbers, counts } = split as LabelSource & Counted;
  return {
    numbers: numbers.subarray(NUMBERS * index, NUMBERS * (index + 1)),
    counts: counts[index],
  };
}

const guess = ({ taps: { logits } }: Output) => tf.slice(logits, [0, 0], [-1, NUMBERS]);
const distance = (a: tf.Tensor, b: tf.Tensor) => tf.mean(tf.squaredDifference(a, b), -1);

/**
 * The fit of guesses in percent: 100 · variance / (variance + squared error). The variance is that
 * of the numbers over all images, so a squared error of the same size gives 50.
 */
function fitOf(guesses: readonly number[], numbers: readonly number[]): number {
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  const squares = (from: (i: number) => number) =>
    numbers.reduce((sum, value, i) => sum + (value - from(i)) ** 2, 0);
  const variance = squares(() => mean);
  return 100 * variance / (variance + squares((i) => guesses[i]));
}

/**
 * The task. `fit` is the primary measure, `error` is the squared error and is also logged in
 * training, and `gap` is the squared distance from a teacher.
 */
export const secondTask: Task = {
  id: "numbers",
  measures: {
    fit: { title: "fit", decimals: 1, isPercentage: true },
    error: { title: "error", decimals: 3, isPercentage: false },
    gap: { title: "gap to teacher", decimals: 3, isPercentage: false },
  },
  primary: "fit",
  readLabels(split, indices) {
    const labels = Array.from(indices, (index) => labelOf(split, index));
    const numbers = Float32Array.from(labels.flatMap(({ numbers }) => [...numbers]));
    return {
      labelNumbers: { shape: [indices.length, NUMBERS], data: numbers },
      labelCounts: {
        shape: [indices.length],
        data: Float32Array.from(labels, ({ counts }) => counts),
      },
    };
  },
  target({ labelNumbers, labelCounts }, { pairing }) {
    const mixed = (label: tf.Tensor) =>
      pairing
        ? tf.add(
          tf.mul(label, pairing.share),
          tf.mul(tf.gather(label, pairing.partner, 0), tf.sub(1, pairing.share)),
        )
        : label;
    const numbers = mixed(labelNumbers);
    const counts = mixed(labelCounts);
    const loss = (output: Output) => tf.mul(counts, distance(guess(output), numbers));
    return { loss, measure: (output) => ({ error: loss(output) }), given: { counts } };
  },
  evaluate(student, { labelNumbers }, teacher) {
    const values = { guess: guess(student), error: distance(guess(student), labelNumbers) };
    return teacher ? { ...values, gap: distance(guess(student), guess(teacher)) } : values;
  },
  tally() {
    const guesses: number[] = [];
    const numbers: number[] = [];
    const errors: number[] = [];
    const gaps: number[] = [];
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
    return {
      add({ guess, error, gap = new Float32Array() }, { labelNumbers }) {
        guesses.push(...guess);
        numbers.push(...labelNumbers.data);
        errors.push(...error);
        gaps.push(...gap);
      },
      result(): Score {
        const score = { fit: fitOf(guesses, numbers), error: mean(errors) };
        return gaps.length > 0 ? { ...score, gap: mean(gaps) } : score;
      },
    };
  },
  predict: (output) => ({ guess: guess(output) }),
  examine() {
    const guesses: number[] = [];
    const numbers: number[] = [];
    return {
      add({ guess }, { labelNumbers }) {
        guesses.push(...guess);
        numbers.push(...labelNumbers.data);
      },
      result() {
        const off = numbers.map((value, i) => Math.abs(value - guesses[i]));
        const largest = Math.max(...off);
        return {
          score: { fit: fitOf(guesses, numbers) },
          details: { largest },
          tables: (whole) => [{
            rows: [
              ["", "off by"],
              ["largest", largest.toFixed(3)],
              ...whole ? off.map((one, i) => [`${i}`, `${one}`]) : [],
            ],
            left: 1,
          }],
        };
      },
    };
  },
};

/** `secondTask`, and files of an examination: the guesses of the first images, and their shades. */
const filedTask: Task = {
  ...secondTask,
  files(_classes, _split, pictures) {
    const lines: string[] = [];
    return {
      add({ guess }, { image: { shape: [batch], data } }) {
        for (let i = 0; i < batch; i++) {
          if (lines.length < pictures) {
            lines.push(`${guess[NUMBERS * i]},${data[i * data.length / batch]}`);
          }
        }
      },
      result: () => new Map([["guesses.csv", lines.join("\n")]]),
    };
  },
};

/** `numbered` whose examination has files. */
export function filed(options: SyntheticOptions): Dataset {
  return { ...numbered(options), task: filedTask };
}

/** The synthetic images with two numbers each instead of a class. Half of them count twice. */
export function numbered(options: SyntheticOptions): Dataset {
  const images = synthetic(options);
  const labelled = (split: Split): Split & Counted => ({
    ...split,
    numbers: Float32Array.from(
      { length: NUMBERS * split.size },
      (_, i) => Math.sin(split.labels[i >> 1] + i % NUMBERS),
    ),
    counts: Float32Array.from({ length: split.size }, (_, i) => 1 + i % 2),
  });
  return {
    ...images,
    id: "numbered",
    task: secondTask,
    async open(folder) {
      const opened = await images.open(folder);
      return { ...opened, train: labelled(opened.train), test: labelled(opened.test) };
    },
  };
}
